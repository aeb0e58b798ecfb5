import { IconRoute } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { type Area, page } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function PipelinesRail() {
  const here = useOrganisation()
  const may = useMay()
  if (!here || !may('pipelines.list')) return null
  return <RailEntry to="/pipelines" label="Pipelines" icon={IconRoute} />
}

export const pipelines: Area = {
  name: 'pipelines',
  routes: [
    page('/pipelines', pages, 'PipelinesPage'),
    page('/pipelines/new', pages, 'NewExperimentPage'),
    page('/pipelines/publish', pages, 'PublishPage'),
    page('/pipelines/$pipelineId', pages, 'PipelinePage'),
    page('/experiments/$experimentId', pages, 'ExperimentPage'),
    page('/pipeline-runs/compare', pages, 'CompareRunsPage'),
    page('/pipeline-runs/$jobId', pages, 'RunPage'),
  ],
  Rail: PipelinesRail,
}
