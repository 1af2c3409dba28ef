import { createHash } from 'node:crypto'
import { isSha256 } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { INSTALLER_FOLDERS, type InstallerFolder, parseInstallerName } from './installer-name.ts'

/** A page of the mirror, with its bytes. */
export interface InstallerPage {
  readonly file: PublishedFile
  readonly bytes: Buffer
}

/** The name of the page in its folder. */
export const PAGE_NAME = 'index.html'

/** Pages that list what is mirrored, in the layout of upstream: people can browse them, and another mirror can be made from this one. None for an empty folder. */
export function formatInstallerPages(files: readonly PublishedFile[]): readonly InstallerPage[] {
  return INSTALLER_FOLDERS.flatMap((folder) => {
    const rows = files.filter(({ path }) => path.startsWith(`${folder}/`) && parseInstallerName(path.slice(folder.length + 1)) !== undefined)
    return rows.length === 0 ? [] : [formatPage(folder, rows.toSorted((left, right) => (left.path < right.path ? -1 : 1)))]
  })
}

function formatPage(folder: InstallerFolder, files: readonly PublishedFile[]): InstallerPage {
  const rows = files.map(({ path, size, sha256 }) => {
    const name = path.slice(folder.length + 1)
    return `<tr><td><a href="${name}">${name}</a></td><td>${size}</td><td>${sha256}</td></tr>`
  })
  const bytes = Buffer.from(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${folder}</title></head>
<body>
<h1>${folder}</h1>
<table>
<tr><th>Filename</th><th>Size</th><th>SHA256</th></tr>
${rows.join('\n')}
</table>
</body>
</html>
`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (!isSha256(sha256)) throw new Error('sha256 is not 64 hex digits')
  return { file: { path: `${folder}/${PAGE_NAME}`, sha256, size: bytes.length }, bytes }
}
