"""Asks the installed anaconda-client what it makes of files and variables.

stdin: a list of {"variables", "site", "system", "conda"}; stdout: as many {"url", "token", "verify", "user", "said"} or {"error"}.
Each is answered by a process of its own, because the client reads variables while it is imported.
"""
import json
import logging
import os
import sys
import types
import warnings

# Imported once: what is slow, and reads no variable.
import platformdirs  # noqa: F401
import requests  # noqa: F401
import yaml  # noqa: F401


def pretend_conda(folder):
    """conda.gateways.anaconda_client as far as the client uses it: the token of each file, by its URL and by the URL of the channels that belong to it."""
    import re
    from urllib.parse import unquote_plus

    def read_binstar_tokens():
        tokens = {}
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if name.endswith('.token'):
                url = unquote_plus(name)[: -len('.token')]
                with open(os.path.join(folder, name)) as file:
                    tokens[url] = tokens[re.sub(r'([./])api([./]|$)', r'\1conda\2', url, count=1)] = file.read()
        return tokens

    module = types.ModuleType('conda.gateways.anaconda_client')
    module._get_binstar_token_directory = lambda: folder
    module.read_binstar_tokens = read_binstar_tokens
    gateways = types.ModuleType('conda.gateways')
    gateways.anaconda_client = module
    sys.modules.update({'conda': types.ModuleType('conda'), 'conda.gateways': gateways, 'conda.gateways.anaconda_client': module})


def answer(question):
    os.environ.clear()
    os.environ.update(question['variables'])
    if question.get('conda'):
        pretend_conda(question['conda'])
    said = []
    warnings.showwarning = lambda message, *_args, **_more: said.append(str(message))
    warnings.simplefilter('always')

    class Listener(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING:
                said.append(record.getMessage())

    logging.getLogger('binstar').addHandler(Listener())
    from binstar_client import Binstar
    from binstar_client.utils import config

    assert '/etc/anaconda-client/' in config.SEARCH_PATH
    config.SEARCH_PATH = tuple(question['system'] if path == '/etc/anaconda-client/' else path for path in config.SEARCH_PATH)
    chosen = config.get_config(site=question.get('site'))
    seen = {}

    class Recorder(Binstar):
        def __init__(self, token=None, domain='', verify=True, **more):
            super().__init__(token, domain=domain, verify=verify, **more)
            seen.update(url=self.domain, token=token, verify=verify)

    config.get_server_api(site=question.get('site'), cls=Recorder)
    return {**seen, 'user': chosen.get('upload_user'), 'said': said}


def ask(question):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            result = answer(question)
        except BaseException as error:  # noqa: B902
            result = {'error': f'{type(error).__name__}: {error}'}
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, 'rb') as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text)


json.dump([ask(question) for question in json.load(sys.stdin)], sys.stdout)
