/** Synthetic tables that are there: lists, one by one, sharing and expiry, and links to their files. */
import type { synthesis } from '../../contracts/synthesis.ts'
import { may } from '../../domain/access/permissions.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { setDue } from './expiry.ts'
import { toSynthesis } from './view.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { statusOf } from '../stores/synthesis-status.ts'
import { linkSeconds } from '../kernel/links.ts'

type Routes = (typeof synthesis)['routes']
/** Pages that are looked through before an answer may come back short. */
const pagesLooked = 10

export const list: Implementation<Routes['list']> = async ({ query, params, subject }, deps) => {
  let after = query.after
  for (let looked = 1; ; looked++) {
    const page: { items: Item<SynthesisItem>[]; next?: string } = await deps.table.query<SynthesisItem>(
      indexKeyOf.synthesis.ofOrganisation.partition(params.organisationId),
      {
        index: true,
        prefix: indexKeyOf.synthesis.ofOrganisation.prefix(),
        backwards: true,
        limit: query.limit,
        after,
      },
    )
    const seen = page.items.filter(
      (synthesis) =>
        may({ ...subject, shared: synthesis.shared }, 'synthesis.read') &&
        (query.datasetId === undefined || synthesis.datasetId === query.datasetId),
    )
    if (seen.length > 0 || page.next === undefined || looked >= pagesLooked)
      return {
        items: await Promise.all(seen.map((s) => toSynthesis(deps, s, subject, { brief: true }))),
        next: page.next,
      }
    after = page.next
  }
}

export const get: Implementation<Routes['get']> = async ({ synthesis: s, subject }, deps) =>
  toSynthesis(deps, s, subject)

export const share: Implementation<Routes['share']> = async ({ synthesis, body, subject, caller }, deps) => {
  if (synthesis.rev !== body.rev)
    throw new Failure(
      'changed-meanwhile',
      'Somebody changed this synthesis after you loaded it. Load it again and repeat.',
    )
  const { state } = await statusOf(deps, synthesis)
  if (state !== 'ready' && (body.shared !== undefined || body.expires !== undefined))
    throw new Failure('wrong-state', 'There is nothing to share: the table is not made yet, or its files are gone.')
  const today = deps.now().toISOString().slice(0, 10)
  if (body.expires !== undefined && body.expires <= today)
    throw new Failure('invalid-request', 'It can expire from tomorrow on.', [
      {
        path: '/body/expires',
        message: 'This day has passed, or is today',
        value: body.expires,
        expected: `a day after ${today}`,
      },
    ])
  await record(deps, synthesis.organisationId, whoOf(caller), [
    {
      act: 'synthesis.changed',
      object: `synthesis ${synthesis.synthesisId}`,
      detail: {
        shared: body.shared ?? synthesis.shared,
        ...(body.expires ? { expires: body.expires } : {}),
        ...(body.title === undefined ? {} : { title: body.title }),
      },
    },
  ])
  const expires = body.expires === undefined ? undefined : `${body.expires}T00:00:00.000Z`
  if (expires !== undefined) await setDue(deps, synthesis.synthesisId, expires)
  try {
    return await toSynthesis(
      deps,
      await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId), {
        set: {
          title: body.title,
          shared: body.shared,
          expires,
          changed: deps.now().toISOString(),
        },
        when: [{ attribute: 'rev', is: 'equal', value: body.rev }],
      }),
      subject,
    )
  } catch (e) {
    throw e instanceof ConditionFailed
      ? new Failure(
          'changed-meanwhile',
          'Somebody changed this synthesis at the same moment. Load it again and repeat.',
        )
      : e
  }
}

const files = {
  csv: { key: synthesisObject.csv, name: '.csv' },
  parquet: { key: synthesisObject.parquet, name: '.parquet' },
  dictionary: { key: synthesisObject.dictionary, name: '-dictionary.csv' },
  croissant: { key: synthesisObject.croissant, name: '-croissant.json' },
  card: { key: synthesisObject.card, name: '-card.json' },
} as const

const fileName = (synthesis: SynthesisItem): string =>
  synthesis.title
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase()
    .slice(0, 60) || 'synthetic'

export const download: Implementation<Routes['download']> = async ({ synthesis, query, caller }, deps: Deps) => {
  const { job, state } = await statusOf(deps, synthesis)
  // The card outlives the table.
  const there = job?.state === 'succeeded' && (state === 'ready' || (state === 'expired' && query.format === 'card'))
  if (!there)
    throw new Failure(
      'result-not-released',
      state === 'expired'
        ? 'Its files are gone: it has expired. The card is still here.'
        : 'The synthetic table is not made yet.',
    )
  await record(deps, synthesis.organisationId, whoOf(caller), [
    { act: 'synthesis.downloaded', object: `synthesis ${synthesis.synthesisId}`, detail: { format: query.format } },
  ])
  const { key, name } = files[query.format]
  const filename = `${fileName(synthesis)}${name}`
  const { url, expires } = await deps.objects.signedGet(
    'released',
    key(synthesis.synthesisId, job.jobId),
    linkSeconds.download,
    filename,
  )
  return { url, filename, expires }
}
