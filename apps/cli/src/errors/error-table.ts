import type { CoreErrorCode } from '@mirror/core'
import type { DeltaErrorCode } from '@mirror/delta'
import type { DifftarErrorCode } from '@mirror/difftar'
import type { RepositoryClientErrorCode } from '@mirror/repository-client'
import type { SelectionErrorCode } from '@mirror/selection'
import type { ServerErrorCode } from '@mirror/server'
import type { StoreErrorCode } from '@mirror/store'
import type { SyncErrorCode } from '@mirror/sync'
import type { CliErrorCode } from '../error-codes.ts'
import type { ErrorRow } from './error-row.ts'
import type { ExitCode } from './exit-codes.ts'
import { SERVER_ERRORS } from './server-errors.ts'
import { SITE_ERRORS } from './site-errors.ts'
import { UPLOAD_ERRORS } from './upload-errors.ts'

/** Every code that a command can end with. */
export type KnownErrorCode = CoreErrorCode | StoreErrorCode | RepositoryClientErrorCode | SelectionErrorCode | SyncErrorCode | DeltaErrorCode | DifftarErrorCode | ServerErrorCode | CliErrorCode

/** The one table from error code to exit code and reference page. It does not compile while a code of any package is missing, or one too many. */
export const ERROR_TABLE: Readonly<Record<KnownErrorCode, ErrorRow>> = {
  USAGE: {
    exit: 2,
    meaning: 'The command line cannot be read.',
    cause: 'A command or flag that does not exist, or a flag without its value.',
    advice: 'Follow the hint: it names the nearest one.',
  },
  CONFIG_NOT_FOUND: { exit: 2, meaning: 'The file after `-f` does not exist.', cause: 'A wrong path.', advice: 'Correct the path, or leave `-f` out.' },
  CONFIG_UNREADABLE: {
    exit: 2,
    meaning: 'The configuration file, or a file that it or the environment names, cannot be read.',
    cause: 'Its permissions, or it is not UTF-8.',
    advice: 'Give the user that runs the command the right to read it.',
  },
  CONFIG_UNWRITABLE: {
    exit: 2,
    meaning: 'The file that an imported configuration is to be written to cannot be made.',
    cause: 'There is a file of that name already, or the folder is absent or not writable.',
    advice: 'Name another file, or remove the old one.',
  },
  CONFIG_INVALID: {
    exit: 2,
    meaning: 'A value of the configuration or of a flag is wrong.',
    cause: 'Not YAML, a value of another kind, a channel or platform that is none, two channels with one folder.',
    advice: 'Go to the file and line that the message names.',
  },
  CONFIG_UNKNOWN_KEY: {
    exit: 2,
    meaning: 'A key is not known.',
    cause: 'A key that is near to a known one; with `--strict`, any unknown one.',
    advice: 'Use the key that the message names, or remove it.',
  },
  ...SERVER_ERRORS,
  ...SITE_ERRORS,
  ...UPLOAD_ERRORS,
  MIRROR_NOT_FOUND: {
    exit: 1,
    meaning: 'There is no mirror where one is looked for.',
    cause: 'Nothing was synced yet, or `mirror_dir` is another folder.',
    advice: 'Run `mirror sync`, or correct the folder.',
  },
  SNAPSHOT_EXISTS: { exit: 4, meaning: 'A snapshot of that name exists.', cause: 'Names are given once.', advice: 'Choose another name, or delete the snapshot first.' },
  SNAPSHOT_NOT_FOUND: { exit: 1, meaning: 'No channel has a snapshot of that name.', cause: 'A typing error, or it was deleted.', advice: 'See `mirror snapshot list`.' },
  INTERRUPTED: { exit: 130, meaning: 'The run was interrupted.', cause: 'Ctrl-C, or SIGTERM.', advice: 'Run it again: it goes on where it was.' },
  INTERNAL: { exit: 1, meaning: 'A bug of this tool.', cause: 'Something that we did not foresee.', advice: 'Report it, with the stack that was printed.' },

  NAME_UNSAFE: {
    exit: 1,
    meaning: 'A name that upstream lists could write outside of the mirror.',
    cause: 'A damaged or hostile channel.',
    advice: 'Report it to the channel.',
  },
  SUBDIR_INVALID: { exit: 2, meaning: 'A text is not the name of a subdir.', cause: 'A typing error in a platform.', advice: 'Use a name such as `linux-64`.' },
  CHANNEL_INVALID: {
    exit: 2,
    meaning: 'A text is not a channel, or upstream points to one that is none.',
    cause: 'A typing error, a URL with a query, a path that cannot be a folder, `info.base_url` with another scheme.',
    advice: 'Follow the hint of the message.',
  },
  DIGEST_INVALID: { exit: 1, meaning: 'A text is not a digest.', cause: 'A damaged index.', advice: 'Report it to the channel.' },
  VERSION_INVALID: { exit: 1, meaning: 'A text is not a version.', cause: 'A record with a version that conda cannot read either.', advice: 'Report it to the channel.' },
  MATCH_SPEC_INVALID: { exit: 2, meaning: 'A text is not a match spec.', cause: 'A typing error.', advice: 'See the grammar of CEP 29.' },
  INDEX_MALFORMED: {
    exit: 1,
    meaning: 'An index is not the JSON that it should be.',
    cause: 'A damaged channel, or a page of a proxy in its place.',
    advice: 'Look at the URL with another client; try again later.',
  },
  INDEX_IMPLAUSIBLE: { exit: 1, meaning: 'An index is JSON, but cannot be one.', cause: 'Names, sizes or counts beyond every limit.', advice: 'Report it to the channel.' },
  SHARD_MALFORMED: { exit: 1, meaning: 'A shard of an index is not what it should be.', cause: 'A damaged channel.', advice: 'Report it to the channel.' },

  DIGEST_MISMATCH: {
    exit: 1,
    meaning: 'Bytes have another digest than the index says.',
    cause: 'A broken transfer, a stale cache, or an artifact that was replaced without its index.',
    advice: 'Run again. If it stays, report it to the channel; `--partial` publishes without it.',
  },
  SIZE_MISMATCH: {
    exit: 1,
    meaning: 'There are more or fewer bytes than the index says.',
    cause: 'A broken transfer, or an artifact that was replaced without its index.',
    advice: 'Run again. If it stays, report it to the channel.',
  },
  STORE_FOREIGN: {
    exit: 4,
    meaning: 'The folder of a channel holds something else.',
    cause: 'A wrong `mirror_dir`, another channel in that folder, or `--no-adopt`.',
    advice: 'Choose an empty folder, or the one that holds this channel.',
  },
  STORE_UNSAFE_PATH: { exit: 1, meaning: 'A path would leave the mirror.', cause: 'A symbolic link below `mirror_dir`.', advice: 'Remove the link; `mirror_dir` itself may be one.' },
  STORE_NO_SPACE: { exit: 1, meaning: 'The disk is full, or the quota is used up.', cause: 'A mirror that is larger than its disk.', advice: 'Make room and run again: what was fetched is kept.' },
  STORE_NOT_WRITABLE: { exit: 1, meaning: 'The mirror cannot be written.', cause: 'Permissions, or a file system that is mounted read-only.', advice: 'Run as the owner of `mirror_dir`.' },
  STORE_DAMAGED: {
    exit: 1,
    meaning: 'What the store notes about itself cannot be right.',
    cause: 'Files in the dot-folder of the channel that somebody changed.',
    advice: 'Move the dot-folder away and run again: the mirror is adopted anew.',
  },
  STORE_TOO_NEW: { exit: 1, meaning: 'A newer version wrote this store.', cause: 'An older version of this tool.', advice: 'Update it.' },
  STORE_NO_LOCKS: {
    exit: 1,
    meaning: 'The file system does not keep two writers apart.',
    cause: 'Some network file systems.',
    advice: 'Mirror to a local file system, and serve or copy it from there.',
  },
  STORE_WRITE_FAILED: { exit: 1, meaning: 'A write failed.', cause: 'A fault of the disk or of the network file system.', advice: 'Look at the system log, then run again.' },
  SNAPSHOT_NAME_INVALID: { exit: 2, meaning: 'A text cannot be the name of a snapshot.', cause: 'Capitals, slashes, digits alone, or more than 64 characters.', advice: 'Follow the hint.' },
  TRANSACTION_INCOMPLETE: { exit: 1, meaning: 'Something that would be published was not stored.', cause: 'A bug of this tool.', advice: 'Report it. Nothing was published.' },
  TRANSACTION_ENDED: { exit: 1, meaning: 'A transaction was used after its end.', cause: 'A bug of this tool.', advice: 'Report it. Nothing was published.' },

  CHANNEL_UNREACHABLE: {
    exit: 1,
    meaning: 'Upstream does not answer.',
    cause: 'The network, a proxy, a name that does not resolve, a server that is down.',
    advice: 'Check the URL and the proxy variables, then run again.',
  },
  CHANNEL_FORBIDDEN: { exit: 1, meaning: 'Upstream refuses us.', cause: 'No token or password, or a wrong one.', advice: 'Check the token in the URL, or `~/.netrc`.' },
  CERTIFICATE_REFUSED: {
    exit: 1,
    meaning: 'The certificate of a server does not prove that it is the one.',
    cause: 'A proxy that opens TLS, an authority that is not known here, a certificate that ran out.',
    advice: 'Name the certificates of your organisation in `ssl_verify` or `SSL_CERT_FILE`.',
  },
  PROXY_REFUSED: { exit: 1, meaning: 'The proxy refuses.', cause: 'It wants a password, or does not allow the host.', advice: 'Check `https_proxy` and `no_proxy`.' },
  ANSWER_REFUSED: { exit: 1, meaning: 'Upstream answers what was not asked for.', cause: 'A server that does not keep to HTTP.', advice: 'Look at the URL with another client.' },
  INDEX_UNREADABLE: {
    exit: 1,
    meaning: 'An index came whole and is not one.',
    cause: 'A page of a proxy in its place, or broken compression.',
    advice: 'Look at the URL with another client; try again later.',
  },
  ARTIFACT_MISSING: {
    exit: 1,
    meaning: 'Upstream does not have an artifact that its index lists.',
    cause: 'An upstream that is being changed, or is damaged.',
    advice: 'Run again. If it stays, report it to the channel; `--partial` publishes without it.',
  },
  ARTIFACT_UNREACHABLE: { exit: 1, meaning: 'An artifact cannot be fetched.', cause: 'The network, in all tries.', advice: 'Run again: what was fetched is kept.' },
  TRANSFER_BROKEN: { exit: 1, meaning: 'A transfer broke, and upstream cannot continue it.', cause: 'The network or a proxy.', advice: 'Run again: what was fetched is kept.' },
  TRANSFER_STALLED: { exit: 1, meaning: 'A transfer was too slow, in all tries.', cause: 'The network or a proxy.', advice: 'Raise `timeouts.idle`, lower `concurrency`, or run again.' },
  REDIRECT_REFUSED: {
    exit: 1,
    meaning: 'Upstream sends us somewhere that it may not.',
    cause: 'Too many redirects, from https to http, or to an address inside of your network.',
    advice: 'Name the place itself as the channel, if it is right.',
  },
  HOST_FAILING: { exit: 1, meaning: 'A host fails again and again, and is left alone for a while.', cause: 'A server that is down or overloaded.', advice: 'Run again later.' },
  BODY_TOO_LARGE: { exit: 1, meaning: 'An answer is larger than it can be.', cause: 'A wrong URL, or a hostile server.', advice: 'Look at the URL with another client.' },
  FILE_REFUSED: {
    exit: 1,
    meaning: 'A file of a channel on disk is not a plain, readable file inside of the channel.',
    cause: 'Permissions, or a symbolic link that leads out.',
    advice: 'Copy the channel without links, readable for the user that runs the command.',
  },
  NETRC_INVALID: { exit: 2, meaning: 'The netrc file cannot be read as one.', cause: 'A typing error in it.', advice: 'Correct the line that the message names.' },

  CHANNEL_NOT_FOUND: {
    exit: 1,
    meaning: 'Upstream has none of the platforms, and no noarch.',
    cause: 'Most often a wrong URL, or a token that does not fit.',
    advice: 'Check the channel and the platforms. Nothing was written.',
  },
  SUBDIR_MISSING: {
    exit: 2,
    meaning: 'Upstream does not have a platform that is asked for and that nobody knows.',
    cause: 'A typing error in a platform.',
    advice: 'Use the name in the hint, if that is what was meant.',
  },
  STORE_LOCKED: { exit: 5, meaning: 'Another run works on this channel.', cause: 'Two runs at once.', advice: 'Wait for it. A run that died does not hold the lock.' },
  STORE_CONTENDED: { exit: 5, meaning: 'The store changed under the run, again and again.', cause: 'Other runs that commit all the time.', advice: 'Run again, one at a time.' },
  ARTIFACTS_FAILED: {
    exit: 3,
    meaning: 'Artifacts of a subdir could not be had, so the subdir is held.',
    cause: 'See the artifacts that the report lists.',
    advice: 'Run again; `--partial` publishes without them.',
  },
  GENERATION_ABSENT: {
    exit: 4,
    meaning: 'There is no such generation to go back to.',
    cause: 'It was given up: generations are kept for the grace, as `retain` says, and by snapshots.',
    advice: 'Choose one of those that the message names.',
  },
  ROLLBACK_INCOMPLETE: {
    exit: 1,
    meaning: 'Files that an older generation lists are gone or damaged. Nothing was changed.',
    cause: 'Somebody deleted them, or the disk is failing.',
    advice: 'Choose another generation, or bring the files back.',
  },
  NOARCH_HELD: {
    exit: 3,
    meaning: '`noarch` could not be had, so nothing of the channel is published.',
    cause: 'See the reason that the report gives for noarch.',
    advice: 'Run again.',
  },
  INSTALLERS_NOT_FOUND: {
    exit: 3,
    meaning: 'Upstream has no installers: neither `archive/` nor `miniconda/`.',
    cause: '`remote_url` names a server that has channels alone, or a wrong folder.',
    advice: 'Correct `remote_url`; `fetch_installers: false` says that installers are not wanted.',
  },
  LISTING_UNREADABLE: {
    exit: 3,
    meaning: 'The page that lists installers cannot be used, so they stay as they were.',
    cause: 'It was cut on the way, it is a login page, or it has no checksums.',
    advice: 'Look at the page in a browser; run again later.',
  },
  SELECTION_INCOMPLETE: {
    exit: 3,
    meaning: 'What is wanted depends on several subdirs, and one of them cannot be read; the others stay as they are.',
    cause: 'See the reason that the report gives for that subdir.',
    advice: 'Run again.',
  },
  SELECTION_EMPTY: {
    exit: 4,
    meaning: 'The configuration leaves nothing of a channel that has something.',
    cause: 'A name or spec that nothing has, or rules that exclude one another.',
    advice: 'Ask `mirror explain <artifact>` which rule decided.',
  },
  CLOSURE_UNSOLVABLE: {
    exit: 4,
    meaning: 'Something that `closure` names cannot be installed from what would be mirrored. Nothing was downloaded.',
    cause: 'The channel does not have it, another rule leaves out what it needs, or a lock file names an artifact that is gone.',
    advice: 'The message names the shortest chain to what is missing: change the seed, or the rule that leaves it out.',
  },
  SEEDS_INVALID: {
    exit: 2,
    meaning: 'An environment file or a lock file that `closure` names cannot be read.',
    cause: 'It is none of the formats that are known, or is damaged.',
    advice: 'Go to the file and line that the message names.',
  },
  STATE_UNKNOWN: { exit: 2, meaning: 'Something that is to be compared, or to be started from, is not there or is nothing of that kind.', cause: 'A wrong path, or a name without its `@`.', advice: 'Name a folder, a file, the URL of a channel, or `@NAME` for a snapshot or generation.' },
  PIPE_BROKEN: { exit: 1, meaning: 'Whatever reads the output went away, or nothing is piped in.', cause: 'The other end of the pipe failed or ended.', advice: 'Look at its messages. What came of it is not whole: do not use it.' },
  DELTA_NOT_FOUND: { exit: 6, meaning: 'There is no delta where one is looked for.', cause: 'A wrong path, or a medium that is not there.', advice: 'Name the folder or the tarball.' },
  DELTA_NO_MANIFEST: {
    exit: 6,
    meaning: 'What is there is no delta that can be applied safely.',
    cause: 'A recording that did not come to its end, a tarball of the old conda-diff-tar, or another folder.',
    advice: 'Record it again. A tarball of the old tool is unpacked with `tar xf`, and the next command verifies and takes over what it left.',
  },
  DELTA_UNSAFE_ARCHIVE: { exit: 6, meaning: 'The archive holds something that a delta never does: a path that leads elsewhere, a link, a name twice.', cause: 'It is no delta of ours, or somebody changed it.', advice: 'Do not use it. Have it made again.' },
  DELTA_DAMAGED: { exit: 6, meaning: 'Something in the delta is not what its manifest says. Nothing was changed.', cause: 'A damaged medium, or a copy that broke off.', advice: 'Bring it over again; the message names the file or the volume.' },
  DELTA_INCOMPLETE: { exit: 6, meaning: 'Volumes of the delta, or files in it, are missing. Nothing was changed.', cause: 'Not everything was carried over.', advice: 'Bring what the message names.' },
  DELTA_UNSIGNED: { exit: 6, meaning: 'A key is pinned, and the delta is not signed.', cause: 'It was made without a key.', advice: 'Have it signed where it was made.' },
  DELTA_SIGNATURE_WRONG: { exit: 6, meaning: 'The signature does not fit, or is of a key that is not trusted.', cause: 'The delta was changed on the way, or made by somebody else.', advice: 'Ask those who made it. Do not use it.' },
  DELTA_BASE_MISMATCH: {
    exit: 6,
    meaning: 'The mirror is not what the delta starts from. Nothing was changed.',
    cause: 'A delta between them was left out, or the mirror was changed by something else.',
    advice: 'Carry the request file that was written to the other side, and make a delta from it.',
  },
  DELTA_OLDER: { exit: 6, meaning: 'A later delta was applied already.', cause: 'The medium is an old one.', advice: 'Use the newest; `--allow-older` applies it all the same where it fits.' },
  DELTA_TARGET_FOREIGN: { exit: 4, meaning: 'The folder for the delta holds something else.', cause: '`delta_dir` is a folder that was not made by a sync.', advice: 'Name an empty folder, or a new one.' },
  FILE_NOT_WRITTEN: { exit: 1, meaning: 'A file of a delta, a reference or a request could not be written.', cause: 'The disk is full, failed, or does not let this user write.', advice: 'Make room or correct the permissions, and run the same command again.' },
  DELTA_VOLUME_TOO_SMALL: { exit: 2, meaning: 'A volume cannot hold the largest file.', cause: 'The size of volumes is below that of an artifact.', advice: 'Choose a larger size.' },
  DELTA_MALFORMED: { exit: 6, meaning: 'The manifest of the delta cannot be read.', cause: 'It is damaged, or was written by something else.', advice: 'Bring it over again.' },
  DELTA_TOO_NEW: { exit: 6, meaning: 'The delta was made by a later version, in a format that this one does not read.', cause: 'The other side was updated.', advice: 'Update this side first.' },
  TOOL_NOT_FOUND: { exit: 1, meaning: 'The program that was to travel with the delta is not at hand.', cause: 'It is not built, or a file went away meanwhile.', advice: 'Follow the hint.' },
  KEY_EXISTS: { exit: 4, meaning: 'A key of that name is there already, and is not replaced.', cause: 'A name that was used before.', advice: 'Choose another name.' },
  KEY_INVALID: { exit: 2, meaning: 'A key is none.', cause: 'The file or text is not a minisign key.', advice: 'Name the public key (`.pub`) to verify, the secret one to sign.' },
  REFERENCE_NOT_FOUND: { exit: 1, meaning: 'There is no reference file where one is looked for.', cause: 'A wrong path.', advice: 'Write one with `conda-diff-tar --reference`.' },
  REFERENCE_INVALID: { exit: 1, meaning: 'A reference file cannot be read.', cause: 'It is damaged, or something else.', advice: 'Write it again.' },
  TREE_NOT_FOUND: { exit: 1, meaning: 'There is no channel in a folder.', cause: 'A wrong folder, or one without an index.', advice: 'Name the folder of the mirror.' },
  CHANNELS_UNMATCHED: { exit: 2, meaning: 'It is not clear which channels are to be compared.', cause: 'One side is a single channel, the other has several, of other names.', advice: 'Name the folder of one channel.' },
  TREE_DAMAGED: { exit: 1, meaning: 'A mirror is not what its own index says.', cause: 'A file is missing or has other bytes.', advice: 'Run `mirror verify --repair`.' },
}

const rows: ReadonlyMap<string, ErrorRow> = new Map(Object.entries(ERROR_TABLE))

/** The exit code of an error code; 1 for one that is in no table, as from another version of a package. */
export function exitOfCode(code: string): ExitCode {
  return rows.get(code)?.exit ?? 1
}
