/** A dependency as a v4 server files it. */
export interface V4Dependency {
  readonly name: string
  readonly specs: readonly (readonly [operator: string, version: string])[]
}

const SPEC = /^([=><]+)(.*)$/

/**
 * What the real client makes of `depends` (anaconda-client inspect_package/conda.py, `transform_conda_deps`), its oddities included, because servers have had nothing else: what
 * follows the first space is one version, builds and commas and all; one `*` at its end goes; whatever does not begin with `=`, `<` or `>` is `==`.
 */
export function describeDependencies(depends: unknown): { readonly depends: readonly V4Dependency[] } {
  return { depends: Array.isArray(depends) ? depends.filter((depend) => typeof depend === 'string').map((depend) => describeDependency(depend)) : [] }
}

function describeDependency(depend: string): V4Dependency {
  const text = depend.trim()
  const space = text.indexOf(' ')
  if (space < 0) return { name: text, specs: [] }
  const spec = text.slice(space + 1).replace(/\*$/, '')
  const [, operator = '==', version = spec] = SPEC.exec(spec) ?? []
  return { name: text.slice(0, space), specs: [[operator, version]] }
}
