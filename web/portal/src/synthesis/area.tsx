import { IconTablePlus } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { type Area, page } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function SynthesisRail() {
  const here = useOrganisation()
  const may = useMay()
  if (!here || !may('syntheses.list')) return null
  return <RailEntry to="/synthetic" label="Synthetic data" icon={IconTablePlus} />
}

export const synthesis: Area = {
  name: 'synthesis',
  routes: [
    page('/synthetic', pages, 'SynthesesPage'),
    page('/synthetic/new', pages, 'NewSynthesisPage'),
    page('/synthetic/compare', pages, 'ComparePage'),
    page('/synthetic/$synthesisId', pages, 'SynthesisPage'),
  ],
  Rail: SynthesisRail,
}
