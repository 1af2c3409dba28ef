import { listArtifacts, listNeeding, type PackageSummary, summarizePackage } from '../catalogue/channel-catalogue.ts'
import type { ListedArtifact } from '../catalogue/subdir-catalogue.ts'
import { findArtifact, readRecord } from './artifact-page.ts'
import { listSummaries } from './channels-page.ts'
import { answerFromCatalogue, type CataloguePage } from './open-catalogue.ts'
import { choosePage } from './parts.ts'
import type { PageCall, PageRoute, Reply } from './route.ts'
import { type Hit, searchAll, searchChannels } from './search-page.ts'

const PER_PAGE = 100

/** What pages of the catalogue tell, for programs. Times are ISO 8601, sizes are bytes; what is not known is null. */
export const CATALOGUE_API_ROUTES: readonly PageRoute[] = [
  {
    path: '/-/api/channels',
    summary: 'The channels of this mirror',
    async answer(call) {
      const channels = await listSummaries(call)
      return { type: 'json', value: { channels: channels.map(({ folder, artifacts, published, synced, newest, trouble, generation, ...others }) => ({
        channel: folder, ...others, artifacts: artifacts?.count ?? null, size: artifacts?.bytes ?? null, generation: generation ?? null, published: formatTime(published), synced: formatTime(synced),
        newest: formatTime(newest), trouble: trouble ?? null,
      })) } }
    },
  },
  {
    path: '/-/api/search',
    summary: 'Packages of all channels by their name: ?q=, &page=',
    async answer(call) {
      const { hits, missing } = await searchAll(call, call.query.get('q') ?? '')
      if (missing.length > 0) return { type: 'not-yet', what: `The index of ${missing.join(', ')} is being read.` }
      return listHits(call, hits)
    },
  },
  {
    path: '/-/api/search/*channel',
    summary: 'Packages of a channel by their name: ?q=, &page=',
    answer: async (call) => await answerFromCatalogue(call, ({ channel, catalogue }) => listHits(call, searchChannels([{ folder: channel.folder, to: channel.to, catalogue }], call.query.get('q') ?? ''))),
  },
  {
    path: '/-/api/package/:name/*channel',
    summary: 'A package of a channel: its builds, newest version first, and what depends on it',
    answer: async (call) => await answerFromCatalogue(call, tellPackage),
  },
  {
    path: '/-/api/artifact/:subdir/:file/*channel',
    summary: 'An artifact of a channel: its whole record',
    answer: async (call) => await answerFromCatalogue(call, tellArtifact),
  },
]

function listHits({ query }: PageCall, hits: readonly Hit[]): Reply {
  const page = choosePage(query, { total: hits.length, perPage: PER_PAGE })
  const packages = hits.slice((page.page - 1) * PER_PAGE, page.page * PER_PAGE).flatMap(({ name, channel: { folder, catalogue } }) => {
    const summary = summarizePackage(catalogue.subdirs, name)
    return summary === undefined ? [] : [{ channel: folder, ...tellSummary(summary) }]
  })
  return { type: 'json', value: { total: hits.length, page: page.page, pages: page.pages, packages } }
}

function tellSummary({ newest, latestVersion, ...others }: PackageSummary): Readonly<Record<string, unknown>> {
  return { ...others, latestVersion: latestVersion === '' ? null : latestVersion, newest: formatTime(newest) }
}

function tellPackage({ call, channel, catalogue }: CataloguePage): Reply {
  const name = String(call.params['name'])
  const summary = summarizePackage(catalogue.subdirs, name)
  if (summary === undefined) return { type: 'absent', what: `${channel.name} lists no package of that name.` }
  const builds = listArtifacts(catalogue.subdirs, name).map(tellBuild)
  return { type: 'json', value: { channel: channel.folder, generation: catalogue.view.reader?.generation.number ?? null, summary: tellSummary(summary), builds, neededBy: listNeeding(catalogue.subdirs, name) } }
}

function tellBuild({ subdir, file, version, build, buildNumber, size, time }: ListedArtifact): unknown {
  return { subdir, file, version, build, buildNumber, size, built: formatTime(time) }
}

async function tellArtifact({ call, channel, catalogue }: CataloguePage): Promise<Reply> {
  const artifact = findArtifact(catalogue, String(call.params['subdir']), String(call.params['file']))
  if (artifact === undefined) return { type: 'absent', what: `${channel.name} lists no such artifact.` }
  const record = await readRecord(catalogue, artifact)
  if (record === undefined) return { type: 'not-yet', what: 'The index has just changed and is being read again.' }
  return { type: 'json', value: { channel: channel.folder, generation: catalogue.view.reader?.generation.number ?? null, subdir: artifact.subdir, file: artifact.file, record } }
}

function formatTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}
