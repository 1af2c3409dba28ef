"""make-quetz.py KEYS: in a new deployment, makes a server owner with a profile, the channels ch, other and own (private), and two keys of it, which are written to KEYS, one a line."""
import secrets
import sys

from quetz import rest_models
from quetz.config import Config
from quetz.dao import Dao
from quetz.database import get_session

dao = Dao(get_session(Config().sqlalchemy_database_url))
# Without a profile, asking for a file that this user uploaded is an internal error of the server.
user = dao.create_user_with_profile(username="tester", provider="none", identity_id="1", name="Tester", avatar_url="", role="owner")
for name, private in (("ch", False), ("other", False), ("own", True)):
    dao.create_channel(rest_models.Channel(name=name, private=private), user.id, "owner")
keys = [secrets.token_hex(16) for _ in range(2)]
for key in keys:
    dao.create_api_key(user.id, rest_models.BaseApiKey(description="tests", roles=[]), key)
with open(sys.argv[1], "w") as file:
    file.write("\n".join(keys))
