import { IconEyeCheck } from '@tabler/icons-react'
import { useMay, useOrganisation } from '../hooks.ts'
import { useReviews } from '../queries/jobs.ts'
import { type Area, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function ChecksRail() {
  const here = useOrganisation()
  const may = useMay()
  const checks = here !== undefined && may('outputs.check')
  const { data: reviews } = useReviews(checks ? here.organisationId : undefined)
  if (!checks) return null
  const due = reviews?.filter((review) => !review.own && !review.voted && review.waiting !== 'answer').length
  return <RailEntry to="/checks" label="Output checks" icon={IconEyeCheck} count={due} countMeans="due" />
}

function usePalette(): PaletteEntry[] {
  const here = useOrganisation()
  const may = useMay()
  return here && may('outputs.check') ? [{ group: 'Go to', label: 'Output checks', to: '/checks' }] : []
}

export const checks: Area = {
  name: 'checks',
  routes: [page('/checks', pages, 'ChecksPage'), page('/checks/$jobId', pages, 'ReviewPage')],
  Rail: ChecksRail,
  usePalette,
}
