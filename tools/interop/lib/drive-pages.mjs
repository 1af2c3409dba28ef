/**
 * Started by ../pages.mjs, with its arguments as JSON: Debian's Chromium goes through all pages of a server, as people do, with a script and without, in light and dark, on a desk and on a phone.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import { startMirrorServer } from '../../lib/start-mirror-server.mjs'
import { createDemoMirror } from './demo-mirror.mjs'
import { endParts, part } from './run-parts.mjs'

const { root, folder, command, tools } = JSON.parse(process.argv[2])
const start = promisify(execFile)
const PHONE = { width: 360, height: 740 }
const DESK = { width: 1280, height: 900 }

const PAGES = [
  '', 'robotics/', 'robotics/linux-64/', '-/search?q=arm', 'robotics/-/search?q=linear', 'robotics/-/package/linear-solver', 'robotics/-/artifact/linux-64/linear-solver-1.0.0-h7d2f_0.conda', 'robotics/-/disk-use', 'robotics/-/history',
  'robotics/-/changes/4', 'robotics/-/changes/4?kind=added', 'robotics/-/use', 'robotics/-/take-away', 'robotics/-/take-away?since=4', 'snapshots/2026-q4/robotics/', 'snapshots/2026-q4/robotics/-/history', 'odd/', 'odd/-/package/odd', 'odd/-/artifact/noarch/odd-1.0-0.conda', 'none/-/history',
]

const { mirror } = await createDemoMirror({ folder, node: process.execPath, command, faketime: tools.faketime, quick: true })
const server = await startMirrorServer([process.execPath, command], { cwd: folder, args: ['--mirror-dir', mirror] })
const browser = await chromium.launch({ executablePath: tools.chromium, args: ['--no-sandbox', '--disable-gpu'] })

const open = async ({ scheme = 'light', viewport = DESK, script = true, url = server.url } = {}) => {
  const context = await browser.newContext({ colorScheme: scheme, viewport, javaScriptEnabled: script, acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'], baseURL: url })
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()) })
  page.on('requestfailed', (request) => faults.push(`${request.url()}: ${request.failure()?.errorText}`))
  return { page, context, faults }
}

/** Catalogues are read behind the first request for one: a page that says so shows itself again. */
const visit = async (page, path) => {
  for (let round = 0; round < 20; round += 1) {
    const answer = await page.goto(path)
    if (answer.status() !== 503) return answer
    await page.waitForTimeout(200)
  }
  throw new Error(`${path} was never ready`)
}

const findFaults = async (page) => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.split('\n').slice(0, 3).join(' ')}`))
}

await part('axe-core finds no serious or critical fault on any page: light, dark, on a phone', async () => {
  const found = []
  for (const look of [{ scheme: 'light' }, { scheme: 'dark' }, { scheme: 'light', viewport: PHONE }, { scheme: 'dark', viewport: PHONE }]) {
    const { page, context } = await open(look)
    for (const path of PAGES) {
      await visit(page, path)
      for (const fault of await findFaults(page)) found.push(`/${path} (${look.scheme}${look.viewport ? ', phone' : ''}): ${fault}`)
    }
    await context.close()
  }
  assert.deepEqual(found, [])
  return `${PAGES.length} pages, 4 looks`
})

await part('no page is wider than a phone, and none complains', async () => {
  const { page, context, faults } = await open({ viewport: PHONE })
  const wide = []
  for (const path of PAGES) {
    await visit(page, path)
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (excess > 0) wide.push(`/${path}: ${excess} pixels`)
  }
  assert.deepEqual(wide, [])
  assert.deepEqual(faults.filter((fault) => !/404|503|ERR_ABORTED/.test(fault)), [])
  await context.close()
})

await part('from the list of channels by search to an artifact, which downloads as it lies in the mirror', async () => {
  const { page, context } = await open()
  await visit(page, '')
  await page.keyboard.press('/')
  await page.keyboard.type('linear-solver')
  await page.keyboard.press('Enter')
  await page.waitForURL(/search\?q=linear-solver/)
  await page.getByRole('main').getByRole('link', { name: 'linear-solver', exact: false }).first().click()
  await page.waitForURL(/package\/linear-solver/)
  await visit(page, 'robotics/-/artifact/linux-64/linear-solver-1.0.0-h7d2f_0.conda')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /download/i }).first().click()])
  const path = await download.path()
  const sum = (file) => createHash('sha256').update(readFileSync(file)).digest('hex')
  assert.equal(sum(path), sum(join(mirror, 'robotics/linux-64/linear-solver-1.0.0-h7d2f_0.conda')))
  assert.equal(download.suggestedFilename(), 'linear-solver-1.0.0-h7d2f_0.conda')
  await context.close()
})

await part('the history has charts that say what they draw, and leads to what each run changed', async () => {
  const { page, context, faults } = await open()
  await visit(page, 'robotics/')
  await page.getByRole('link', { name: 'History' }).click()
  for (const name of ['Size', 'Artifacts', 'Duration of syncs', 'Fetched from upstream']) assert.match(await page.getByRole('img', { name: new RegExp(`^${name}`) }).locator('desc').textContent(), /\d{4}-\d\d-\d\d/)
  await page.getByText('Values').first().click()
  assert.ok(await page.getByRole('region', { name: /Size: values/ }).isVisible())
  await page.getByRole('region', { name: 'Runs, newest first' }).getByRole('link', { name: '4', exact: true }).click()
  await page.getByRole('heading', { name: 'Generation 4' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: /\.conda$/ }).first().click()
  await page.waitForURL(/\/-\/artifact\//)
  assert.deepEqual(faults.filter((fault) => !/404|503|ERR_ABORTED/.test(fault)), [])
  await context.close()
})

await part('snippets name the address that was opened, and are copied as they stand; without a script they name the host', async () => {
  const { page, context } = await open()
  await visit(page, 'robotics/-/use')
  const copy = async (name) => {
    await page.getByRole('button', { name: `Copy ${name}` }).click()
    return await page.evaluate(() => navigator.clipboard.readText())
  }
  assert.equal(await copy('The address of the channel'), `${server.url}robotics`)
  assert.equal(await copy('Configuration of conda'), `channel_alias: ${server.url}\nchannels:\n  - robotics\n`)
  assert.equal(await copy('Configuration of mamba'), `channels:\n  - robotics\nmirrored_channels:\n  robotics:\n    - ${server.url}robotics\n`)
  assert.match(await copy('Configuration of pixi'), new RegExp(`^default-channels = \\["${server.url}robotics"\\]\n`))
  await context.close()
  const plain = await open({ script: false })
  await visit(plain.page, 'robotics/-/use')
  assert.equal(await plain.page.getByLabel('The address of the channel').innerText(), `${server.url}robotics`)
  await visit(plain.page, 't/a-token/robotics/-/use')
  assert.match(await plain.page.getByLabel('The address of the channel').innerText(), /robotics$/)
  await plain.context.close()
})

await part('what changed is taken away without a script, from a generation and from a reference, and the other side takes it', async () => {
  const { page, context } = await open({ script: false })
  const far = mkdtempSync(join(folder, 'far-'))
  const diffTar = (...args) => start(process.execPath, [join(root, 'packages/difftar/bin/conda-diff-tar.js'), ...args], { cwd: folder })
  const takeAway = async () => {
    await page.getByRole('heading', { name: /^From / }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download', exact: true }).click()])
    await diffTar('--apply', far, '--infile', await download.path())
    return { name: download.suggestedFilename(), bytes: statSync(await download.path()).size }
  }
  await visit(page, 'robotics/-/take-away')
  await page.getByRole('link', { name: 'Everything' }).click()
  const all = await takeAway()
  assert.equal(all.name, 'robotics-all-to-5.tar')
  await diffTar('--reference', far, '--outfile', join(folder, 'reference.json'))
  await visit(page, 'robotics/-/take-away')
  await page.getByLabel('Reference file').setInputFiles(join(folder, 'reference.json'))
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('heading', { name: 'Nothing changed' }).waitFor()
  await visit(page, 'robotics/-/take-away')
  await page.getByRole('link', { name: /What changed since/ }).first().click()
  const some = await takeAway()
  assert.ok(some.bytes < all.bytes)
  await visit(page, 'robotics/-/take-away')
  writeFileSync(join(folder, 'nonsense.json'), 'nonsense')
  await page.getByLabel('Reference file').setInputFiles(join(folder, 'nonsense.json'))
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByText('no reference that can be read').waitFor()
  await context.close()
  return `${all.bytes} bytes of all, ${some.bytes} of what changed`
})

await part('names and records full of markup stay text', async () => {
  const { page, context } = await open()
  let dialogs = 0
  page.on('dialog', (dialog) => { dialogs += 1; void dialog.dismiss() })
  for (const path of ['odd/', 'odd/-/package/odd', 'odd/-/artifact/noarch/odd-1.0-0.conda', '-/search?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E', 'odd/-/history', 'odd/-/take-away', '%3Cscript%3E/-/history']) {
    await visit(page, path)
    assert.equal(await page.evaluate(() => globalThis.wasRun), undefined, path)
    assert.equal(await page.locator('main img, main script, main [onerror], a[href^="javascript:"]').count(), 0, path)
  }
  assert.equal(dialogs, 0)
  await visit(page, 'odd/-/artifact/noarch/odd-1.0-0.conda')
  assert.ok((await page.getByRole('main').innerText()).includes('<script>window.wasRun=2</script>'))
  await context.close()
})

await part('everything is reached by keyboard alone, and what has the focus is seen', async () => {
  const { page, context } = await open()
  await visit(page, 'robotics/-/history')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
  const seen = new Set()
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab')
    const { text, isOutlined } = await page.evaluate(() => {
      const element = document.activeElement
      return { text: `${element.tagName} ${element.textContent.trim().slice(0, 30)}`, isOutlined: element === document.body || getComputedStyle(element).outlineStyle !== 'none' || getComputedStyle(element, '::after').outlineStyle !== 'none' }
    })
    assert.ok(isOutlined, text)
    seen.add(text)
  }
  for (const wanted of ['A History', 'A Take away', 'SUMMARY Values']) assert.ok([...seen].some((text) => text.startsWith(wanted)), wanted)
  await context.close()
})

await browser.close()
await server.stop()
endParts()
