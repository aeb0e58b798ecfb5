import { Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { CopyId } from '../parts/CopyId.tsx'
import { bytes, duration } from '../parts/figures.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import type { Run } from './data.ts'
import { Arrived } from './RunsTable.tsx'

/** How one run stands, a line for each fact. */
export const RunFacts = ({ run }: { run: Run }) => (
  <Table className="figures" layout="fixed" withRowBorders={false} verticalSpacing={4}>
    <Table.Tbody>
      <Fact name="Run id">
        <CopyId value={run.runId} label="run id" />
      </Fact>
      {run.pseudonym && (
        <Fact name="Pseudonym">
          <CopyId value={run.pseudonym} label="pseudonym" />
        </Fact>
      )}
      <Fact name="Condition">{run.condition || 'The study has none'}</Fact>
      <Fact name="Version">{run.version}</Fact>
      <Fact name="Link">
        {run.linkLabel || 'Without a name'}
        {run.preview ? ', preview: never counts' : ''}
      </Fact>
      <Fact name="Started">
        <RelativeTime at={run.started} />
      </Fact>
      <Fact name={run.ended ? 'Ended' : 'Last heard'}>
        <RelativeTime at={run.ended ?? run.last} />
      </Fact>
      <Fact name="Took">{duration(run.seconds)}</Fact>
      <Fact name="Trials finished">{run.position}</Fact>
      <Fact name="Records arrived">
        <Arrived run={run} />
      </Fact>
      <Fact name="Stored, sealed">{bytes(run.bytes)}</Fact>
      {run.conflicts > 0 && (
        <Fact name="Refused">
          {run.conflicts} records came a second time with other content; the first ones were kept.
        </Fact>
      )}
    </Table.Tbody>
  </Table>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <Table.Tr>
    <Table.Th scope="row" w={{ base: 130, sm: 170 }}>
      {name}
    </Table.Th>
    <Table.Td>{children}</Table.Td>
  </Table.Tr>
)
