import { useMay, useOrganisation } from '../hooks.ts'
import { useDatasets } from '../queries/datasets.ts'
import { useKeptJobs, useMyJobs, useReviews } from '../queries/jobs.ts'
import { anyOf, type DataNeeds, needsOf } from './needs.ts'

/**
 * What needs me in datasets, analyses and output checks. `shown` says whether anything of it is there, so that Home
 * knows when nothing needs anybody; it can be relied on once all is `loaded`.
 */
export function useDataLife(): { loaded: boolean; shown: boolean; needs: DataNeeds } {
  const here = useOrganisation()
  const may = useMay()
  const keeps = here !== undefined && may('datasets.create')
  const asks = here !== undefined && may('dataset.analyse')
  const checks = here !== undefined && may('outputs.check')
  const { data: datasets } = useDatasets(here?.organisationId)
  const { data: reviews } = useReviews(checks ? here.organisationId : undefined)
  const { data: mine, dataUpdatedAt: now } = useMyJobs({}, asks)
  const { jobs: queued } = useKeptJobs({ state: 'queued' }, keeps)
  const needs = needsOf({ datasets, reviews, jobs: mine?.pages[0]?.items, queued, keeps, now })
  return {
    loaded: datasets !== undefined && (!checks || reviews !== undefined) && (!asks || mine !== undefined),
    shown: anyOf(needs),
    needs,
  }
}
