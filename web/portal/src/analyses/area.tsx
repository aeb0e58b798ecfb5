import { IconChartBar } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { isProgressing, useKeptJobs, useMyJobs } from '../queries/jobs.ts'
import { type Area, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'
import { lazyPart } from '../shell/tabs.ts'

const pages = () => import('./index.tsx')

function useAsks(): boolean {
  const here = useOrganisation()
  const may = useMay()
  return here !== undefined && may('dataset.analyse')
}

/** Analyses that wait for my approval come before my own that run. */
function AnalysesRail() {
  const here = useOrganisation()
  const may = useMay()
  const asks = useAsks()
  const { data: mine } = useMyJobs({}, asks)
  const queued = useKeptJobs({ state: 'queued' }, here !== undefined && may('datasets.create'))
  if (!asks) return null
  const running = mine?.pages[0]?.items.filter(isProgressing).length
  const toApprove = queued.jobs.filter((job) => job.waiting === 'approval').length
  return (
    <RailEntry
      to="/analyses"
      label="Analyses"
      icon={IconChartBar}
      count={toApprove || running}
      countMeans={toApprove ? 'to approve' : 'running'}
    />
  )
}

const mostOffered = 20
function usePalette(): PaletteEntry[] {
  const asks = useAsks()
  const { data: mine } = useMyJobs({}, asks)
  if (!asks) return []
  return [
    {
      group: 'Do',
      label: 'Ask a question',
      to: '/analyses/ask',
      description: 'SQL, Python, R or a notebook, where the data is',
      order: 2,
    },
    ...(mine?.pages[0]?.items ?? []).slice(0, mostOffered).map((job) => ({
      group: 'Analyses',
      label: job.title,
      to: `/analyses/${job.jobId}`,
      description: `${job.dataset}, ${job.state}`,
    })),
    { group: 'Go to', label: 'Analyses', to: '/analyses' },
  ]
}

export const analyses: Area = {
  name: 'analyses',
  routes: [
    page('/analyses', pages, 'AnalysesPage'),
    page('/analyses/ask', pages, 'AskPage'),
    page('/analyses/$jobId', pages, 'JobPage'),
  ],
  Rail: AnalysesRail,
  usePalette,
  datasetTabs: [
    {
      name: 'analyses',
      label: 'Analyses',
      after: 'schema',
      shown: (may, { dataset }) => may('dataset.manage', dataset) && dataset.version > 0,
      part: lazyPart(
        () => import('./OfDataset.tsx'),
        (module) => module.OfDataset,
      ),
    },
  ],
}
