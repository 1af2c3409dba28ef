import { createHash } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

import type { V4Server } from '../src/index.ts'

/** One request, with nothing in it but what is given. */
export interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Sent in chunks, without a length. */
  readonly chunked?: boolean
}

/** What came back. */
export interface Answered {
  readonly status: number
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
  readonly location: string | undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

const parse = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answered> {
  const all = await text(response)
  return { status: response.statusCode ?? 0, text: all, json: parse(all), location: response.headers.location }
}

/** Sends a request; rejects where the connection is reset. */
export async function send(url: string, { method = 'GET', headers = {}, body, chunked = false }: Sending = {}): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const length = body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) }
  const sent = request(url, { method, headers: { ...length, ...headers }, agent: false }, (response) => {
    resolve(readAnswer(response))
  })
  sent.on('error', reject)
  if (chunked && body !== undefined) sent.write(body)
  sent.end(chunked ? undefined : body)
  return await promise
}

/** The headers that both real clients send. */
export const API_HEADERS = { 'accept': 'application/json', 'user-agent': 'test/1', 'x-binstar-api-version': '1.16.0' }

/** One call of the API: `POST /stage/…`, with the token `eg-1` unless another is given. */
export async function call(server: V4Server, line: string, ...[body, token = 'eg-1']: [body?: object | undefined, token?: string | undefined]): Promise<Answered> {
  const [method = '', path = ''] = line.split(' ')
  const authorization = token === '' ? {} : { authorization: `token ${token}` }
  const headers = { ...API_HEADERS, ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  return await send(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

export const packageBody = (name: string, isPublic = true): object =>
  ({ public: isPublic, publish: false, public_attrs: { name, summary: '', package_types: ['conda'] } })

export const releaseBody = { requirements: [], announce: null, description: '' }

export const stageBody = (bytes: string, more: object = {}): object => ({
  distribution_type: 'conda', description: null, attrs: { subdir: 'linux-64', build: '0', build_number: 0, depends: [], operatingsystem: null }, channels: ['main'],
  sha256: createHash('sha256').update(bytes).digest('hex'), ...more,
})

/** `<owner>/<name>/1.0/linux-64/<name>-1.0-0.conda`. */
export const distPath = (name: string, owner = 'eggs'): string => `${owner}/${name}/1.0/linux-64/${name}-1.0-0.conda`

/** A stage's answer. */
export interface Staged {
  readonly id: string
  readonly url: string
  readonly fields: [string, string][]
}

/** Makes the package and the release where they are missing, and stages. */
export async function stage(server: V4Server, name: string, ...[bytes, more = {}]: [bytes: string, more?: object]): Promise<Staged> {
  await call(server, `POST /package/eggs/${name}`, packageBody(name))
  await call(server, `POST /release/eggs/${name}/1.0`, releaseBody)
  const { json } = await call(server, `POST /stage/${distPath(name)}`, stageBody(bytes, more))
  const form = isObject(json['form_data']) ? json['form_data'] : {}
  return { id: String(json['dist_id']), url: String(json['post_url']), fields: Object.entries(form).map(([key, value]) => [key, String(value)]) }
}

const BOUNDARY = 'boundary'

/** A form of these fields, then the file. */
export function createForm(fields: readonly (readonly [string, string])[], file: { readonly bytes: string; readonly filename?: string | undefined }): string {
  const name = file.filename === undefined ? '' : `; filename="${file.filename}"`
  const parts = [...fields.map(([key, value]) => `Content-Disposition: form-data; name="${key}"\r\n\r\n${value}`),
    `Content-Disposition: form-data; name="file"${name}\r\n\r\n${file.bytes}`]
  return `${parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`
}

export const FORM_HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }

export const md5Of = (bytes: string): string => createHash('md5').update(bytes).digest('base64')

/** The fields that follow those of the server. */
export const bothOf = (bytes: string): [string, string][] => [['Content-Length', String(bytes.length)], ['Content-MD5', md5Of(bytes)]]

export async function upload(staged: Staged, bytes: string, md5: string = md5Of(bytes)): Promise<Answered> {
  const fields: [string, string][] = [...staged.fields, ['Content-Length', String(bytes.length)], ['Content-MD5', md5]]
  return await send(staged.url, { method: 'POST', headers: FORM_HEADERS, body: createForm(fields, { bytes }) })
}

/** Stages, uploads and commits a file. */
export async function publish(server: V4Server, name: string, ...[bytes, more = {}]: [bytes: string, more?: object]): Promise<string> {
  const staged = await stage(server, name, bytes, more)
  await upload(staged, bytes)
  await call(server, `POST /commit/${distPath(name)}`, { dist_id: staged.id })
  return staged.id
}
