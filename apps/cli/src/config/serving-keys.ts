import { type KeyGroup, NEXT } from './key-reference.ts'

/** The keys of `serve`. */
export const SERVING_KEYS: KeyGroup = {
  title: 'How it is served',
  text: `What \`cas-server\` and \`mirror serve\` go by; other commands pay it no attention. Flags win.

\`\`\`yaml
serve:
  port: 8443
  tls: {cert: tls/fullchain.pem, key: tls/privkey.pem}
  access:
    - channels: [conda-forge, bioconda]
      public: true
    - channels: team-*
      tokens: access/tokens
      htpasswd: access/htpasswd
\`\`\`

Without \`access\`, everybody may read everything. With it, the first rule whose channels fit a path decides, alone; what none of them fits is for nobody. A rule about a folder is one about
all that lies below it, and about its snapshots. Names of files start from the folder of the configuration file. All of it is read again at SIGHUP, and tokens, users and certificates also
when their files change; what is wrong is told, and what there was holds on.`,
  keys: [
    { key: 'serve', takes: 'a mapping', meaning: 'How the mirror is served.', since: NEXT },
    { key: 'serve.host', takes: 'an address', standard: 'every address of the machine', meaning: 'The address to listen to.', since: NEXT },
    { key: 'serve.port', takes: 'a whole number up to 65535', standard: '`80` for root, otherwise `8080`; with `tls`, `443` and `8443`', meaning: 'The port to listen to; 0 takes any that is free.', since: NEXT },
    { key: 'serve.max_age', takes: 'a duration above 0', standard: 'age does not count', meaning: '`/readyz` says no when the last good sync of a channel is older.', since: NEXT },
    { key: 'serve.access_log', takes: '`combined`, `json` or `none`', standard: '`combined`; `json` with `--json`, `none` with `--quiet`', meaning: 'What is printed of each request.', since: NEXT },
    { key: 'serve.processes', takes: 'a whole number from 1 to 64', standard: '1', meaning: 'How many processes answer.', since: NEXT },
    { key: 'serve.tls', takes: 'a mapping', standard: 'plain HTTP', meaning: 'Serve over TLS, 1.2 and later.', since: NEXT },
    { key: 'serve.tls.cert', takes: 'a path', meaning: 'The certificate (PEM), and those between it and its authority.', since: NEXT },
    { key: 'serve.tls.key', takes: 'a path', meaning: 'Its key (PEM), without a passphrase.', since: NEXT },
    {
      key: 'serve.proxies', takes: 'an address or network, such as `10.0.0.0/8`, or a list of them', standard: 'none',
      meaning: 'Proxies in front: of them alone, `X-Forwarded-For` is believed, in the access log and where wrong passwords are counted.', since: NEXT,
    },
    { key: 'serve.access', takes: 'a rule or a list of them', standard: 'everybody may read everything', meaning: 'Who may read what.', since: NEXT },
    {
      key: 'serve.access[].channels', takes: 'folders of channels below `mirror_dir`, in which `*` stands for any characters but a slash', standard: '`*`: all of the mirror',
      meaning: 'What the rule is about.', since: NEXT,
    },
    { key: 'serve.access[].public', takes: '`true`', meaning: 'Everybody may. Not together with the others.', since: NEXT },
    { key: 'serve.access[].tokens', takes: 'a path or a list of them', meaning: 'Files of tokens, as `mirror token new` makes them: whoever has one may.', since: NEXT },
    { key: 'serve.access[].htpasswd', takes: 'a path or a list of them', meaning: 'Files of users with passwords, as `htpasswd -B` makes them: they may.', since: NEXT },
    { key: 'serve.access[].users', takes: 'names of users or tokens', standard: 'all that are in the files', meaning: 'Of those in the files, these alone.', since: NEXT },
  ],
}
