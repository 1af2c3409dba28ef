/** A folder below the mirror as a relative address: each name escaped, with a slash behind it; empty for the mirror's own. */
export function joinFolder(folder: string): string {
  return folder === '' ? '' : `${folder.split('/').map((name) => encodeURIComponent(name)).join('/')}/`
}
