import { dirname } from 'node:path'

/** Everything by which Linux changes a file, a name or an attribute. */
export const CHANGES = 'openat,open,creat,openat2,write,writev,pwrite64,pwritev,pwritev2,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,mknod,mknodat,truncate,ftruncate,fallocate,copy_file_range,sendfile,splice,fsync,fdatasync,sync_file_range'

const LINE = /^\d+\s+(?<call>\w+)\((?<rest>.*)$/

/** What a line of `strace -f -y` changes below a folder: a kind, or what it is if no kind of ours. */
export function kindOf(line: string, mirror: string): string | undefined {
  const { call = '', rest = '' } = LINE.exec(line)?.groups ?? {}
  // A new mirror's own name is made durable in the folder above.
  if (!rest.includes(mirror) && !(call === 'fsync' && rest.includes(`<${dirname(mirror)}>`))) return undefined
  if (call.startsWith('open')) {
    if (rest.includes('O_EXCL')) return 'create'
    if (rest.includes('O_APPEND')) return 'append'
    // SQLite opens the file whose lock it takes, and writes nothing.
    if (rest.includes('/.mirror/lock.db')) return undefined
    return /O_WRONLY|O_RDWR|O_TRUNC|O_CREAT/.test(rest) ? `${call}(${rest})` : undefined
  }
  if (call === 'mkdir' || call === 'rename' || call === 'link' || call === 'unlink' || call === 'rmdir' || call === 'write' || call === 'ftruncate' || call === 'fsync' || call === 'fdatasync') return call
  return `${call}(${rest})`
}
