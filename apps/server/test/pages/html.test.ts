import fc from 'fast-check'
import { describe, test } from 'vitest'
import { formatHtml, html, safeUrl } from '../../src/pages/html.ts'
import { readPage } from './read-page.ts'

describe('html', () => {
  test('html() keeps every value text, in elements and in attributes, whatever it holds', ({ expect }) => {
    const hostile = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '\' onclick=\'x', '</title><b>', '<!--', ']]>', '&lt;', '&#x3c;b>'))
    fc.assert(fc.property(hostile, (value) => {
      const page = readPage(`<!doctype html>${formatHtml(html`<html lang="en"><head><title>${value}</title></head><body><p title="${value}">${value}</p></body></html>`)}`)
      expect(page.elements.map(({ name }) => name)).toEqual(['html', 'head', 'title', 'body', 'p'])
      const [paragraph] = page.find('p')
      expect(Object.keys(paragraph?.attributes ?? {})).toEqual(['title'])
      const readable = value.toWellFormed().replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}')
      expect(paragraph?.attributes['title']).toBe(readable)
      expect(paragraph?.text).toBe(readable.replaceAll(/\s+/g, ' ').trim())
    }))
  })

  test('html() takes markup as markup only where html() made it', ({ expect }) => {
    const claimed: unknown = JSON.parse('{"Symbol(markup)": "<b>", "markup": "<b>"}')
    expect(formatHtml(html`<i>${html`<b>${'&'}</b>`}${[html`<u></u>`, 'x', undefined, false, 3]}</i>`)).toBe('<i><b>&amp;</b><u></u>x3</i>')
    expect(formatHtml(html`${claimed as never}`)).not.toContain('<b>')
  })

  test('safeUrl() follows http and https alone', ({ expect }) => {
    for (const url of ['https://example.org/a?b#c', 'http://x']) expect(safeUrl(url)).toBe(url)
    for (const url of ['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//x', 'x', '', 'https://user:secret@host/', 7, null, undefined]) expect(safeUrl(url), String(url)).toBeUndefined()
  })
})
