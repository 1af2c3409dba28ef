import { refuseCall, Stop } from '../double/answer.ts'

export { type Answer, Stop } from '../double/answer.ts'

/**
 * What the double of a v4 server refuses, and why. A refusal is not what a real server would answer: the call is one that the wire facts do not
 * know, so what would happen is unknown, and whoever sent it has to be told. `[real]`: a real server or S3 is known to fail here too.
 */
export const V4_REFUSALS = {
  'unknown-call': 'no call of the v4 API that the double knows',
  'unknown-query': 'a query where the call has none, or a parameter that it does not have',
  'unknown-owner': 'an owner that is no user of this server',
  'foreign-owner': 'a change for an owner that the token does not belong to',
  'encoded-slash': 'a segment with an encoded slash: subdir and file are parted by a real one',
  'accept-header': 'no "Accept: application/json"',
  'version-header': 'no "x-binstar-api-version"',
  'agent-header': 'no "User-Agent"',
  'authorization-header': 'an Authorization that is not "token <token>"; Basic and Bearer are for POST /authentications alone',
  'content-type': 'a body that is not declared as application/json',
  'body-json': 'a body that is not a JSON object',
  'body-unasked': 'a body where the call has none',
  'body-fields': 'a body that lacks a field, has one that is unknown, or has one of a wrong type',
  'name-differs': 'another name in the body than in the path',
  'dist-name': 'a file that is not <subdir>/<name>.conda or .tar.bz2, or whose attrs name another subdir',
  'label-locked': 'a file for a label that is locked',
  'label-scope': 'a version without its package, or a file without its version',
  'storage-headers': 'headers of the API sent to the storage, or no Content-Length there [real]',
  'storage-path': 'a path of the storage that no stage was told',
  'form-type': 'an upload that is not multipart/form-data with a boundary [real]',
  'form-shape': 'multipart that is cut short or ends in something else [real]',
  'form-order': 'other fields than the server told and Content-Length, Content-MD5, file, in this order [real: file is last, none is unknown]',
  'form-value': 'another value of a field than the server told, or a wrong Content-Length [real]',
  'form-filename': 'a file name of the part that is not the whole <subdir>/<file>',
  'upload-again': 'a second upload for one stage',
  'commit-other': 'a commit whose path is not that of its stage',
  'commit-early': 'a commit before the upload',
  'commit-again': 'a second commit of one stage: look with GET /dist first',
  'hash-differs': 'a commit of bytes whose sha256 is not what the stage said',
} as const

/** Why a call was refused. */
export type V4RefusalCode = keyof typeof V4_REFUSALS

/** Refuses a call: 400, and written down. */
export function refuse(code: V4RefusalCode, text: string): never {
  return refuseCall(code, text)
}

/** The answer of a real server to something that is not there; the text is that of anaconda.org. */
export function notFound(what: string): never {
  throw new Stop(404, `"${what}" could not be found`)
}
