import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay, useMe, useOrganisation } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { useStudies } from '../queries/studies.ts'
import { DataLife } from './DataLife.tsx'
import { Drafts } from './Drafts.tsx'
import { ExpiringLinks } from './ExpiringLinks.tsx'
import { greeting } from './greeting.ts'
import { LiveStudies } from './LiveStudies.tsx'
import { NothingNeedsYou } from './NothingNeedsYou.tsx'
import { Nowhere } from './Nowhere.tsx'
import { Paused } from './Paused.tsx'
import { useDataLife } from './useDataLife.ts'

/**
 * What needs me now: outputs to check, analyses to approve or running, budgets low, runs arriving, drafts to finish,
 * links about to expire.
 */
export function HomePage() {
  const me = useMe()
  const here = useOrganisation()
  const may = useMay()
  const { data: studies, error, refetch } = useStudies(here?.organisationId)
  const dataLife = useDataLife()
  if (!here) return <Nowhere />
  const live = studies?.filter((study) => study.state === 'live') ?? []
  const drafts = studies?.filter((study) => study.state === 'draft' && may('study.edit', study)) ?? []
  const paused = studies?.filter((study) => study.state === 'paused' && may('study.edit', study)) ?? []
  const quiet = live.length + drafts.length + paused.length === 0 && dataLife.loaded && !dataLife.shown
  return (
    <Page title={greeting(me)} action={<Beginnings first={!studies?.length} />}>
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!studies && !error && <LoadingRows />}
      <DataLife needs={dataLife.needs} />
      {live.length > 0 && <LiveStudies studies={live} />}
      <ExpiringLinks studies={live.filter((study) => may('study.edit', study))} />
      {drafts.length > 0 && <Drafts studies={drafts} />}
      {paused.length > 0 && <Paused studies={paused} />}
      {studies && quiet && <NothingNeedsYou studies={studies.length} />}
    </Page>
  )
}

/** What can be begun from here; a study stands out while it would be the first one. */
function Beginnings({ first }: { first: boolean }) {
  const may = useMay()
  return (
    <>
      {may('dataset.analyse') && (
        <Button component={Link} to="/analyses/ask" variant="default">
          Ask a question
        </Button>
      )}
      {may('studies.create') && (
        <Button component={Link} to="/studies/new" variant={first ? 'filled' : 'default'}>
          New study
        </Button>
      )}
    </>
  )
}
