import { Anchor, Button, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'

/** Instead of things to do: what to begin with while there are no studies, else that all of them are at rest. */
export const NothingNeedsYou = ({ studies }: { studies: number }) =>
  studies === 0 ? <Beginning /> : <AtRest studies={studies} />

function Beginning() {
  const here = useOrganisation()
  const may = useMay()
  return (
    <Empty title="Nothing needs you yet" action={<FirstStep />}>
      {firstWords(may)}{' '}
      {may('audit.read') && (
        <>
          As {here?.roles.join(' and ')} you can also{' '}
          <Anchor component={Link} to="/audit" underline="always">
            read the audit chain
          </Anchor>
          .
        </>
      )}
    </Empty>
  )
}

const AtRest = ({ studies }: { studies: number }) => (
  <Text c="dimmed">
    Nothing needs you now. All{' '}
    <Anchor component={Link} to="/studies" underline="always">
      {count(studies, 'study', 'studies')}
    </Anchor>{' '}
    are closed or somebody else’s to finish.
  </Text>
)

function FirstStep() {
  const may = useMay()
  if (may('studies.create'))
    return (
      <Button component={Link} to="/studies/new">
        Start from an example
      </Button>
    )
  if (!may('dataset.analyse')) return null
  return (
    <Button component={Link} to="/datasets">
      Look at the datasets
    </Button>
  )
}

/** What will stand here, by what a person is there for. */
function firstWords(may: ReturnType<typeof useMay>): string {
  if (may('studies.create'))
    return 'Make a first study: choose an example, look at it as a participant would, and send yourself the link.'
  if (may('dataset.analyse'))
    return 'Your analyses, and what you are asked about them, appear here. Begin with a dataset: its page has a first question to try.'
  if (may('outputs.check')) return 'Outputs that wait for your check appear here.'
  return 'Studies that are shared with you, and what needs you in them, appear here.'
}
