import { IconDatabase } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { type Dataset, useDatasets } from '../queries/datasets.ts'
import { type Area, onward, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function DatasetsRail() {
  const here = useOrganisation()
  const may = useMay()
  const { data: datasets } = useDatasets(here?.organisationId)
  if (!here || !may('datasets.list')) return null
  const toFinish = may('datasets.create')
    ? datasets?.filter(({ state }) => state === 'proposed' || state === 'draft').length
    : undefined
  return <RailEntry to="/datasets" label="Datasets" icon={IconDatabase} count={toFinish} countMeans="to finish" />
}

function entriesOf({ datasetId, title, state, schema, mayAnalyse }: Dataset): PaletteEntry[] {
  const group = 'Datasets'
  const entries: PaletteEntry[] = [{ group, label: title, to: `/datasets/${datasetId}/overview`, description: state }]
  if (schema)
    entries.push({
      group,
      label: `${title}: schema`,
      to: `/datasets/${datasetId}/schema`,
      description: 'Tables and columns',
    })
  if (mayAnalyse)
    entries.push({
      group,
      label: `${title}: ask`,
      to: '/analyses/ask',
      search: { dataset: datasetId },
      description: 'A new question',
    })
  return entries
}

function usePalette(): PaletteEntry[] {
  const here = useOrganisation()
  const may = useMay()
  const { data: datasets = [] } = useDatasets(here?.organisationId)
  const entries = datasets.flatMap(entriesOf)
  if (here) entries.push({ group: 'Go to', label: 'Datasets', to: '/datasets' })
  if (here && may('datasets.create'))
    entries.push({
      group: 'Do',
      label: 'Register a dataset',
      to: '/datasets/new',
      description: 'Tables and images that others may ask',
      order: 3,
    })
  return entries
}

export const datasets: Area = {
  name: 'datasets',
  routes: [
    page('/datasets', pages, 'DatasetsPage'),
    page('/datasets/new', pages, 'NewDatasetPage'),
    onward('/datasets/$datasetId', ({ datasetId }) => `/datasets/${datasetId}/overview`),
    page('/datasets/$datasetId/$tab', pages, 'DatasetPage'),
  ],
  Rail: DatasetsRail,
  usePalette,
}
