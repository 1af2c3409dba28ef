import { type KeyGroup, NEXT } from './key-reference.ts'

/** The keys of `upload`, `cas-sync-api-v4` and `cas-sync-api-v5`. */
export const UPLOADING_KEYS: KeyGroup = {
  title: 'Where it is uploaded to',
  text: `What \`cas-sync-api-v4\`, \`cas-sync-api-v5\` and \`mirror upload\` go by; other commands pay it no attention. Flags win. \`docs/guide/upload.md\` has a page for each kind of server.`,
  keys: [
    {
      key: 'dest_site',
      takes: 'the name of a site, or the URL of its API',
      standard: '`default_site` of anaconda-client',
      meaning: 'The Anaconda repository (API v4), as the configuration of anaconda-client names it. A name that is not there is an error; the public one has to be named: `anaconda`.',
      since: 'cas-mirror',
    },
    {
      key: 'dest_channel',
      takes: 'a text',
      standard: '`upload_user` of the site, else `anaconda`',
      meaning: 'The account of `dest_site`, or the channel of an Anaconda Server, that everything goes to. It has to be there.',
      since: 'cas-mirror',
    },
    {
      key: 'dest_url',
      takes: '`KIND+https://HOST/CHANNEL`, of the kinds `quetz`, `prefix`, `artifactory`, `anaconda` and `anaconda6`',
      meaning: 'Another repository server than an Anaconda site, with its channel. No secret may stand in it.',
      since: NEXT,
    },
    { key: 'dest_labels', takes: 'a label or a list of them', standard: '`main`', meaning: 'The labels that what is uploaded to an Anaconda repository gets.', since: NEXT },
    { key: 'dest_access', takes: '`public` or `private`', standard: '`public`', meaning: 'Who may see the packages that have to be created in an Anaconda repository.', since: NEXT },
    { key: 'dest_concurrency', takes: 'a whole number from 1 to 64', standard: '`4`', meaning: 'How many artifacts are uploaded at once. Each waits on the disk of this machine meanwhile.', since: NEXT },
  ],
}
