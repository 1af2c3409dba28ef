/** The first path or host component `api`, as conda looks for it (conda/gateways/anaconda_client.py, `replace_first_api_with_conda`). */
const API = /([./])api([./]|$)/

/**
 * Where a conda client finds what a v4 API at this URL holds: the same URL with its first `api` become `conda`, as in `https://api.anaconda.org` and `https://host/api`.
 * Undefined where there is none: nothing says then where the channels are.
 */
export function condaUrl(apiUrl: string): string | undefined {
  return API.test(apiUrl) ? apiUrl.replace(API, '$1conda$2') : undefined
}
