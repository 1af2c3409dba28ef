import { aboutChannel, channelPage } from '../pages/about-channel.ts'
import type { PageChannel } from '../pages/find-channel.ts'
import { formatCount, renderAge, renderSize } from '../pages/formats.ts'
import { html, type Html, type HtmlValue } from '../pages/html.ts'
import { renderCode, renderEmpty, renderFigures, renderNote, renderSection, renderTable } from '../pages/parts.ts'
import type { PageCall, PageRoute, Reply } from '../pages/route.ts'
import { type History, readHistory } from '../history/read-history.ts'
import type { ReadyTakeAway, TakeAway } from './plans.ts'
import { openCounter } from './take-away.ts'
import { formatBase, formatTakeAwayName, readBase, type TakeAwayBase, type TakeAwayName } from './take-away-name.ts'

/** So long a page waits for a plan, in milliseconds; then it shows itself again. */
const PATIENCE = 4000

/** What changed, to take away: choose what the other side has, see what it lacks, download it. */
export const takeAwayRoute: PageRoute = {
  path: '/*channel/-/take-away',
  summary: 'What changed since an earlier generation, or since a reference, to take away',
  tab: 'Take away',
  answer: aboutChannel(async (channel, call) => {
    const base = readBase(call.query)
    const target = channel.view.reader?.generation.number
    if (target === undefined) return page(channel, describeNone(channel))
    return base === undefined ? page(channel, await renderChoice(channel, { call, target })) : await answerBase(channel, { call, name: { base, target } })
  }),
}

/** The same for programs. */
export const takeAwayApiRoute: PageRoute = {
  path: '/-/api/take-away/*channel',
  summary: 'The size and the address of a delta, for ?since=<generation>, ?since=nothing or ?reference=<id>',
  answer: aboutChannel(async (channel, call) => {
    const target = channel.view.reader?.generation.number
    const base = readBase(call.query)
    if (target === undefined || base === undefined) return { type: 'absent', what: 'This channel has no generations, or nothing to start from was named.' }
    return describeJson(channel, { base, target }, await openCounter(call.site).open(channel, { base, target }, PATIENCE))
  }),
}

function page(channel: PageChannel, main: HtmlValue, status = 200): Reply {
  return channelPage(channel, {
    title: 'Take away', path: '-/take-away', main, status,
    lead: html`What changed in <bdi>${channel.name}</bdi>, as one file, for a mirror that cannot reach this one.`,
  })
}

function describeNone({ isStore }: PageChannel): Html {
  return isStore
    ? renderEmpty('Nothing to take away now', 'Nothing is published yet, or somebody changed the published files: then the next run of mirror sync takes note of it. Until then conda-diff-tar makes the file on the machine of the mirror.')
    : renderEmpty('Nothing to take away here', html`Another tool made this folder. On its machine, <code>conda-diff-tar --create</code> makes the file.`)
}

interface Choosing {
  readonly call: PageCall
  readonly target: number
}

async function renderChoice(channel: PageChannel, { call, target }: Choosing): Promise<Html> {
  const history = await readHistory({ root: channel.root, until: target })
  const kept = (history?.kept ?? []).filter(({ number }) => number !== target)
  return html`${renderSection({ title: 'What has the other side?', id: 'choice' }, html`<div class="choices">
<div class="card"><h3>Nothing yet</h3><p class="soft">All of the channel, to begin with.</p><p><a class="button" href="${formatBase({ kind: 'nothing' })}">Everything</a></p></div>
<div class="card"><h3>A reference</h3><p class="soft">What <code>conda-diff-tar --reference</code> wrote over there. Of any of its formats.</p><form method="post" enctype="multipart/form-data" class="upload"><label for="reference">Reference file</label><input type="file" id="reference" name="reference" required><button>Compare</button></form></div>
</div>`)}${renderKept(kept, { call, target })}${renderHow()}`
}

function renderKept(kept: History['kept'], { call, target }: Choosing): Html {
  const title = { title: 'An earlier generation', id: 'generations', note: `Up to generation ${formatCount(target)}, which is published now.` }
  if (kept.length === 0) return renderSection(title, html`<p class="soft">No earlier one is kept. <code>retain</code> in the configuration keeps some, and <code>mirror snapshot create</code> keeps one by a name.</p>`)
  return renderSection(title, renderTable({
    caption: 'Generations that are kept, newest first',
    columns: [{ title: 'Generation', kind: 'row' }, { title: 'Published' }, { title: 'Snapshots', isMore: true }, { title: 'Take away', kind: 'number' }],
    rows: kept.map(({ number, created, snapshots }) => [
      formatCount(number), renderAge(Date.parse(created), call.now), snapshots.length === 0 ? html`<span class="none">–</span>` : html`<span class="tags">${snapshots.map((name) => html`<bdi class="tag">${name}</bdi>`)}</span>`,
      html`<a href="${formatBase({ kind: 'generation', number })}">What changed since <span class="hidden">generation ${number}</span></a>`,
    ]),
  }))
}

function renderHow(): Html {
  return renderSection({ title: 'On the other side', id: 'how' }, html`${renderCode('The command that writes a reference', 'conda-diff-tar --reference MIRROR --outfile reference.json')}
<p class="below soft"><code>MIRROR</code> is the folder of the mirror over there. The file tells what it holds, and nothing else.</p>`)
}

interface Wanted {
  readonly call: PageCall
  readonly name: TakeAwayName
}

async function answerBase(channel: PageChannel, wanted: Wanted): Promise<Reply> {
  const { call, name } = wanted
  const found = await openCounter(call.site).open(channel, name, PATIENCE)
  switch (found.status) {
    case 'ready':
      return page(channel, renderReady(channel, found, wanted))
    case 'making':
    case 'busy':
      return { type: 'not-yet', what: found.status === 'busy' ? 'Others are being served.' : 'What changed is being put together.' }
    default:
      return page(channel, html`${renderNote(describeRefusal(found), 'warn')}<p class="actions"><a class="button quiet" href="take-away">Choose again</a></p>`, found.status === 'refused' || found.status === 'too-many' ? 422 : 404)
  }
}

type Refusal = Exclude<TakeAway, { readonly status: 'ready' | 'making' | 'busy' }> | { readonly status: 'absent' }

function describeRefusal(refusal: Refusal): string {
  switch (refusal.status) {
    case 'refused':
      return refusal.message
    case 'too-many':
      return `${formatCount(refusal.entries)} files would have to travel: more than this page packs into one file. On the machine of the mirror, conda-diff-tar --create splits them into volumes.`
    case 'gone':
      return 'That generation is not kept any more.'
    case 'absent':
      return 'That reference is not here any more: they are kept for an hour. Upload it again.'
  }
}

function renderReady(channel: PageChannel, found: ReadyTakeAway, { call, name }: Wanted): Html {
  const { file, totals, seal, isKnown } = found
  const link = `take-away/${formatTakeAwayName(name)}`
  if (seal === undefined) return html`${renderEmpty('Nothing changed', 'The other side has all of it already.')}<p class="actions"><a class="button quiet" href="take-away">Choose again</a></p>`
  const from = name.base.kind === 'nothing' ? 'nothing' : name.base.kind === 'generation' ? `generation ${formatCount(name.base.number)}` : 'your reference'
  return html`${renderFigures([
    { name: 'Download', value: renderSize(file.size) }, { name: 'Files', value: formatCount(totals.entries) }, { name: 'To remove there', value: formatCount(totals.remove) }, { name: 'Leads to generation', value: formatCount(name.target) },
  ])}
${name.base.kind === 'reference' && !isKnown && html`<div class="block">${renderNote('The reference does not know this channel: this is all of it.', 'warn')}</div>`}
<section aria-labelledby="get"><div class="head"><h2 id="get">From ${from} to generation ${formatCount(name.target)}</h2></div>
<p class="actions first"><a class="button" href="${link}" download>Download</a><a class="button quiet" href="take-away">Choose again</a></p>
<p class="below soft">The same bytes each time, so that a download that breaks off can go on:</p>
${renderCode('A command that downloads it', html`curl --fail --location --continue-at - --output update.tar ${renderUrl(channel, link, call)}`)}</section>
${renderSection({ title: 'On the other side', id: 'apply' }, html`${renderCode('The command that applies it', 'conda-diff-tar --apply MIRROR --infile update.tar')}
<p class="below soft">It verifies every file before anything changes, and says if the mirror there is not what this starts from. This server has no key, so the file is not signed: who has to prove where it comes from signs on the machine of the mirror, with <code>mirror delta create --sign</code>. Its name is <code class="seal">${seal}</code>; <code>--verify</code> says the same.</p>`)}`
}

/** The whole address where a script runs; the path from here where none does. */
function renderUrl(channel: PageChannel, link: string, { root }: PageCall): Html {
  const path = `${channel.to.slice(root.length)}-/${link}`
  return html`<span data-url="${path}">${path}</span>`
}

function describeJson(channel: PageChannel, name: TakeAwayName, found: TakeAway | { readonly status: 'absent' }): Reply {
  switch (found.status) {
    case 'ready':
      return { type: 'json', value: { ...describeName(channel, name), size: found.file.size, etag: found.file.etag, seal: found.seal ?? null, totals: found.totals } }
    case 'making':
    case 'busy':
      return { type: 'not-yet', what: 'It is being put together: ask again.' }
    default:
      return { type: 'json', status: found.status === 'refused' || found.status === 'too-many' ? 422 : 404, value: { error: { code: 'NOTHING_TO_TAKE', message: describeRefusal(found) } }, headers: { 'cache-control': 'no-store' } }
  }
}

/** `download` is relative to the root of the site. */
export function describeName(channel: Pick<PageChannel, 'folder'>, name: TakeAwayName): { readonly channel: string; readonly base: TakeAwayBase; readonly target: number; readonly download: string } {
  return { channel: channel.folder, base: name.base, target: name.target, download: `${channel.folder}/-/take-away/${formatTakeAwayName(name)}` }
}
