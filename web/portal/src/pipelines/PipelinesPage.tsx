import { Button, SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMay } from '../hooks.ts'
import { ListControls, useAddress, useListState } from '../parts/ListControls.tsx'
import { Page } from '../parts/Page.tsx'
import { Experiments } from './Experiments.tsx'
import { MyRuns } from './MyRuns.tsx'
import { Pipelines } from './Pipelines.tsx'

const views = [
  { value: 'experiments', label: 'Experiments' },
  { value: 'runs', label: 'My runs' },
  { value: 'pipelines', label: 'Pipelines' },
]

/** Long-running processing: what can be run, how it was set up, what was run. */
export function PipelinesPage() {
  const may = useMay()
  const [inAddress, setView] = useAddress('view')
  const view = views.some(({ value }) => value === inAddress) ? inAddress : 'experiments'
  return (
    <Page
      title="Pipelines"
      hint="Long processing, with logs and runs that are kept and compared."
      action={
        <>
          {may('pipelines.publish') && (
            <Button variant="default" component={Link} to="/pipelines/publish">
              Publish a pipeline
            </Button>
          )}
          {may('experiments.create') && (
            <Button component={Link} to="/pipelines/new" leftSection={<IconPlus size={16} aria-hidden />}>
              New experiment
            </Button>
          )}
        </>
      }
    >
      <SegmentedControl
        mb="md"
        aria-label="What to show"
        value={view}
        onChange={(next) => setView(next === 'experiments' ? '' : next)}
        data={views}
      />
      {view === 'runs' ? <MyRuns /> : <Searched what={view} />}
    </Page>
  )
}

function Searched({ what }: { what: string }) {
  const [list, set] = useListState('')
  return (
    <>
      <ListControls list={list} set={set} placeholder={`Search ${what}`} />
      {what === 'pipelines' ? <Pipelines search={list.q} /> : <Experiments search={list.q} />}
    </>
  )
}
