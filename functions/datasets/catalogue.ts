/** The function `catalogue`: what others see of datasets, and what its custodian sees of budget and history. */
import { may } from '../../domain/access/permissions.ts'
import { languages, releaseModes } from '../../domain/datasets/policy.ts'
import { minimumSubjectsOf } from '../../domain/datasets/policy-rules.ts'
import type { ChainEvent } from '../../domain/audit/chain.ts'
import { historyOf } from '../kernel/chain.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import {
  type ChargeItem,
  type DatasetItem,
  type DatasetVersionItem,
  indexKeyOf,
  keyOf,
  type OrganisationItem,
  type PersonProfile,
} from '../kernel/items.ts'
import { datasets } from './area.ts'
import { namedPublicly } from './listing.ts'
import { toDataset } from './view.ts'
import { inEpsilon } from '../stores/budget.ts'
import { loadOnce } from '../kernel/load-once.ts'

type Routes = (typeof datasets)['routes']

const namesOf = (deps: Deps): ((userId: string) => Promise<string | undefined>) =>
  loadOnce(async (id) => (await deps.table.get<PersonProfile>(keyOf.person(id), ['name']))?.name)

const discovery: Implementation<Routes['discovery']> = async (_, deps) => {
  const organisation = loadOnce(
    async (id) => (await deps.table.get<OrganisationItem>(keyOf.organisation(id), ['name']))?.name ?? '',
  )
  const found = await Promise.all(
    (await namedPublicly(deps)).map(async (dataset) => {
      const version = await deps.table.get<Pick<DatasetVersionItem, 'data'>>(
        keyOf.datasetVersion(dataset.datasetId, dataset.version),
        ['data'],
      )
      return (
        version && {
          datasetId: dataset.datasetId,
          organisation: await organisation(dataset.organisationId),
          name: dataset.name,
          title: dataset.title,
          description: dataset.description,
          version: dataset.version,
          schema: version.data.schema,
          languages: dataset.policy.languages,
          modes: dataset.policy.modes,
          minimumSubjects: minimumSubjectsOf(dataset.policy),
          approval: dataset.policy.approval,
          expires: dataset.policy.expires,
        }
      )
    }),
  )
  const { mainOrigin, version } = deps.settings
  return {
    node: {
      name: new URL(mainOrigin).hostname,
      origin: mainOrigin,
      version,
      languages: [...(deps.settings.languages?.() ?? languages)],
      modes: [...releaseModes],
      api: `${mainOrigin}/api`,
    },
    datasets: found.filter((s) => s !== undefined),
  }
}

const list: Implementation<Routes['list']> = async ({ params, query, subject, caller }, deps) => {
  const page = await deps.table.query<DatasetItem>(indexKeyOf.dataset.ofOrganisation.partition(params.organisationId), {
    index: true,
    prefix: indexKeyOf.dataset.ofOrganisation.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  // What is not published is its custodians' alone, whatever a token's scopes say.
  const drafts = may({ roles: subject.roles }, 'dataset.manage')
  const seen = page.items.filter((s) => drafts || s.version > 0)
  return {
    items: await Promise.all(seen.map((s) => toDataset(deps, s, { ...subject, userId: caller.userId }))),
    next: page.next,
  }
}

const get: Implementation<Routes['get']> = async ({ dataset, subject, caller }, deps) =>
  toDataset(deps, dataset, { ...subject, userId: caller.userId })

const ledger: Implementation<Routes['ledger']> = async ({ dataset, query }, deps) => {
  const page = await deps.table.query<ChargeItem>(keyOf.charge.partition(dataset.datasetId), {
    prefix: keyOf.charge.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  const name = namesOf(deps)
  const items = await Promise.all(
    page.items.map(async (charge) => ({
      at: charge.at,
      jobId: charge.jobId,
      userId: charge.userId,
      name: (await name(charge.userId)) ?? charge.userId,
      what: charge.what,
      nanoRho: charge.nanoRho,
      epsilon: inEpsilon(charge.nanoRho, dataset.policy),
    })),
  )
  return { items, next: page.next }
}

/** Events of the organisation's chain that concern the dataset. */
const history: Implementation<Routes['history']> = async ({ dataset: { organisationId, datasetId }, query }, deps) => {
  const concerns = (event: ChainEvent): boolean =>
    event.object === `dataset ${datasetId}` || event.detail['dataset'] === datasetId
  const { items: found, next } = await historyOf(deps, organisationId, concerns, query.before)
  const name = namesOf(deps)
  const items = await Promise.all(
    found.map(async ({ seq, at, act, who, object, detail }) => {
      const person = who.kind === 'person' || who.kind === 'token' ? await name(who.id.split('/')[0]!) : undefined
      return {
        seq,
        at,
        act,
        who: { kind: who.kind, id: who.id, ...(person ? { name: person } : {}) },
        object,
        detail: detail as Record<string, unknown>,
      }
    }),
  )
  return { items, ...(next === undefined ? {} : { next }) }
}

export const createCatalogue = (deps: Deps): LambdaHandler =>
  lambda(datasets, 'catalogue', deps, { discovery, list, get, ledger, history })
