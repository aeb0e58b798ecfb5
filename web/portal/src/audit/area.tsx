import { IconHistory } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { type Area, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'
import { lazyPart } from '../shell/tabs.ts'

const pages = () => import('./index.tsx')

function useReads(): boolean {
  const here = useOrganisation()
  const may = useMay()
  return here !== undefined && may('audit.read')
}
const AuditRail = () => (useReads() ? <RailEntry to="/audit" label="Audit" icon={IconHistory} /> : null)
const usePalette = (): PaletteEntry[] => (useReads() ? [{ group: 'Go to', label: 'Audit', to: '/audit' }] : [])

export const audit: Area = {
  name: 'audit',
  routes: [page('/audit', pages, 'AuditPage')],
  Rail: AuditRail,
  usePalette,
  studyTabs: [
    {
      name: 'history',
      label: 'History',
      shown: () => true,
      part: lazyPart(pages, (module) => module.StudyHistory),
    },
  ],
  datasetTabs: [
    {
      name: 'history',
      label: 'History',
      shown: (may, { dataset }) => may('dataset.manage', dataset),
      part: lazyPart(
        () => import('./DatasetHistory.tsx'),
        (module) => module.DatasetHistory,
      ),
    },
  ],
}
