import { IconFlask2 } from '@tabler/icons-react'
import { type Study, useMay, useOrganisation } from '../hooks.ts'
import { useStudies } from '../queries/studies.ts'
import { type Area, type May, onward, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function StudiesRail() {
  const here = useOrganisation()
  const may = useMay()
  const { data: studies } = useStudies(here?.organisationId)
  if (!here || !may('studies.list')) return null
  const live = studies?.filter((study) => study.state === 'live').length
  return <RailEntry to="/studies" label="Studies" icon={IconFlask2} count={live} countMeans="live" />
}

function entriesOf(study: Study, may: May): PaletteEntry[] {
  const at = `/studies/${study.studyId}`
  const page: PaletteEntry = {
    group: 'Studies',
    label: study.title,
    to: `${at}/overview`,
    description: study.state,
  }
  if (!may('study.edit', study)) return [page]
  return [
    page,
    { group: 'Studies', label: `${study.title}: links`, to: `${at}/links`, description: 'Make or copy a link' },
    { group: 'Studies', label: `${study.title}: content`, to: `${at}/content`, description: 'Edit and publish' },
  ]
}

function usePalette(): PaletteEntry[] {
  const here = useOrganisation()
  const may = useMay()
  const { data: studies = [] } = useStudies(here?.organisationId)
  const entries = studies.flatMap((study) => entriesOf(study, may))
  if (here) entries.push({ group: 'Go to', label: 'Studies', to: '/studies' })
  if (here && may('studies.create'))
    entries.push({
      group: 'Do',
      label: 'New study',
      to: '/studies/new',
      description: 'From an example, from a file or empty',
      order: 1,
    })
  return entries
}

export const studies: Area = {
  name: 'studies',
  routes: [
    page('/studies', pages, 'StudiesPage'),
    page('/studies/new', pages, 'NewStudyPage'),
    onward('/studies/$studyId', ({ studyId }) => `/studies/${studyId}/overview`),
    page('/studies/$studyId/$tab', pages, 'StudyPage'),
  ],
  Rail: StudiesRail,
  usePalette,
}
