/** The sandbox of the guide of installing: a machine with Node, npm, minisign and a conda, and a release in /srv/release. None of our commands is there until it is installed. */
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, realpath, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeKeyPair } from '@mirror/difftar'
import { assembleConda } from '../../release/conda-packages.mjs'
import { writeCondaChannel } from '../../release/conda-channel.mjs'
import { readCommitTime } from '../../release/read-commit.mjs'

const start = promisify(execFile)
const PLATFORM = `linux-${{ x64: '64', arm64: 'aarch64' }[process.arch]}`

const buildRelease = async ({ root, sandbox }) => {
  const keys = join(sandbox, 'keys')
  await mkdir(keys)
  writeKeyPair(join(keys, 'release'))
  await start(process.execPath, [join(root, 'tools/dist.mjs'), '--out', join(sandbox, 'srv/release'), '--without', 'image', '--sign', join(keys, 'release.key')], { cwd: root, maxBuffer: 1e8 })
  await rename(join(keys, 'release.pub'), join(sandbox, 'srv/release.pub'))
}

/** What stands for the nodejs of conda-forge: the Node that runs this. */
const buildNodeChannel = async ({ sandbox, channel }) => {
  const work = join(sandbox, 'nodejs')
  await mkdir(join(work, 'files/bin'), { recursive: true })
  await copyFile(await realpath(process.execPath), join(work, 'files/bin/node'))
  const artifacts = await assembleConda([{
    name: 'nodejs', version: process.versions.node, target_platform: PLATFORM, build_string: '0', files_dir: join(work, 'files'), license: 'MIT', summary: 'The Node that runs the tests', depends: [], timestamp: readCommitTime(), compression_level: 1,
    formats: ['conda'],
  }], { to: join(work, 'packages') })
  await writeCondaChannel({ artifacts, to: channel, work })
}

/** In the place of conda: rattler solves and installs. Whatever the guide does not write is refused. */
const CONDA = `#!/bin/bash
set -euo pipefail
channels=() specs=() prefix=
command=$1
shift
[[ $command != env ]] || { [[ $1 == remove ]] && command=remove && shift; }
while (($# > 0)); do
  case $1 in
    --yes | --offline | --override-channels) ;;
    --prefix) prefix=$2; shift ;;
    --channel)
      case $2 in
        conda-forge) channels+=("file://$CONDA_FORGE") ;;
        /*) channels+=("file://$2") ;;
        *) echo "no such channel: $2" >&2; exit 1 ;;
      esac
      shift ;;
    -*) echo "unknown flag: $1" >&2; exit 2 ;;
    *) specs+=("$1") ;;
  esac
  shift
done
case $command in
  create) [[ ! -e $prefix ]] ;;
  install) [[ -d $prefix/conda-meta ]] ;;
  remove) [[ -d $prefix/conda-meta ]] && exec rm -r "$prefix" ;;
  *) exit 2 ;;
esac
IFS=,
exec "$RATTLER_PYTHON" "$RATTLER_INSTALL" "\${channels[*]}" "$prefix" "$HOME/.cache" "$RATTLER_PLATFORM" "\${specs[@]}"
`

/** Resolves to the variables of the sandbox's environment. */
export const prepareInstallSandbox = async ({ root, sandbox, tools }) => {
  const bin = join(sandbox, 'bin')
  const channel = join(sandbox, 'srv/conda-forge')
  for (const place of [bin, join(sandbox, 'opt'), join(sandbox, 'media/usb')]) await mkdir(place, { recursive: true })
  await symlink(process.execPath, join(bin, 'node'))
  await symlink(tools.minisign, join(bin, 'minisign'))
  await writeFile(join(bin, 'conda'), CONDA)
  await chmod(join(bin, 'conda'), 0o755)
  await buildRelease({ root, sandbox })
  await buildNodeChannel({ sandbox, channel })
  return {
    PATH: `${bin}:${join(sandbox, 'npm/bin')}:/usr/local/bin:/usr/bin:/bin`,
    npm_config_prefix: join(sandbox, 'npm'), npm_config_cache: join(sandbox, 'npm-cache'), npm_config_userconfig: join(sandbox, 'home/.npmrc'), npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0',
    npm_config_audit: 'false', npm_config_fund: 'false',
    CONDA_FORGE: channel, RATTLER_PYTHON: tools.python, RATTLER_INSTALL: join(root, 'tools/interop/lib/rattler-install.py'), RATTLER_PLATFORM: PLATFORM,
  }
}
