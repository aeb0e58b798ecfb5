import { Anchor, Button, Group, Select, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type Study, useMay } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { Empty } from '../parts/Empty.tsx'
import { bytes } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { api } from '../session/session.ts'
import { versionsQuery } from './data.ts'
import { DiffView } from './DiffView.tsx'
import { exportVersion } from './export.ts'

/** Everything that was ever published, what changed between any two, and each as one file. */
export function Versions({ study }: { study: Study }) {
  const may = useMay()
  const { data, error, refetch } = useQuery(versionsQuery(study.studyId))
  const [packing, setPacking] = useState<{ version: number; got: number; total: number }>()
  const [failed, setFailed] = useState<unknown>()
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />
  if (data.length === 0)
    return (
      <Empty
        title="Nothing published yet"
        action={
          may('study.edit', study) && (
            <Button component={Link} to={`/studies/${study.studyId}/content`}>
              Go to the content
            </Button>
          )
        }
      >
        Publishing makes a version: the configuration and files as they are then, unchangeable, so that every run says
        what its participant saw.
      </Empty>
    )
  const save = async (version: number) => {
    setFailed(undefined)
    try {
      await exportVersion(study, version, (got, total) => setPacking({ version, got, total }))
    } catch (e) {
      setFailed(e)
    } finally {
      setPacking(undefined)
    }
  }
  return (
    <>
      <ProblemNotice error={failed} title="The export failed" />
      <Table.ScrollContainer minWidth={560} mb="lg">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Note</Table.Th>
              <Table.Th>Published</Table.Th>
              <Table.Th>Content</Table.Th>
              <Table.Th>Hash</Table.Th>
              <Table.Th>
                <span className="sr">Export</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((version) => (
              <Table.Tr key={version.version}>
                <Table.Td fw={600}>{version.version}</Table.Td>
                <Table.Td>
                  <Text size="sm" lineClamp={2}>
                    {version.note || '–'}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={version.published} />
                </Table.Td>
                <Table.Td className="nowrap">
                  <Text size="sm">
                    {version.kind}, {version.assets} {version.assets === 1 ? 'file' : 'files'}, {bytes(version.bytes)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <CopyId value={version.contentHash} show={version.contentHash.slice(0, 8)} label="content hash" />
                </Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-sm"
                    variant="default"
                    disabled={packing !== undefined}
                    onClick={() => void save(version.version)}
                    aria-label={`Export version ${version.version}`}
                    miw={84}
                  >
                    {packing?.version === version.version ? `${bytes(packing.got)}…` : 'Export'}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {data.length > 1 && <Compare study={study} newest={study.version} all={data.map((v) => v.version)} />}
      <Text size="sm" c="dimmed">
        An exported file can be imported as a new study, here or on another installation:{' '}
        <Anchor component={Link} to="/studies/new" search={{ from: 'file' } as never} underline="always">
          import
        </Anchor>
        .
      </Text>
    </>
  )
}

function Compare({ study, newest, all }: { study: Study; newest: number; all: number[] }) {
  const search: { from?: number; to?: number } = useSearch({ strict: false })
  const navigate = useNavigate()
  const to = all.includes(Number(search.to)) ? Number(search.to) : newest
  const from = all.includes(Number(search.from)) ? Number(search.from) : Math.max(1, newest - 1)
  const { data, error } = useQuery({
    queryKey: ['diff', study.studyId, from, to],
    staleTime: Infinity,
    enabled: from !== to,
    queryFn: () => api.studies.diff({ params: { studyId: study.studyId, version: to }, query: { from } }),
  })
  const options = all.map((v) => ({ value: String(v), label: `Version ${v}` }))
  const choose = (change: object) => void navigate({ to: '.', search: { from, to, ...change } as never, replace: true })
  return (
    <Section title="Compare">
      <Group mb="sm" gap="sm">
        <Select
          aria-label="From version"
          data={options}
          value={String(from)}
          onChange={(v) => choose({ from: Number(v) })}
          allowDeselect={false}
          w={140}
        />
        <Text>to</Text>
        <Select
          aria-label="To version"
          data={options}
          value={String(to)}
          onChange={(v) => choose({ to: Number(v) })}
          allowDeselect={false}
          w={140}
        />
      </Group>
      {from === to && (
        <Text size="sm" c="dimmed">
          Choose two different versions.
        </Text>
      )}
      {from !== to && <ProblemNotice error={error} />}
      {from !== to && !error && !data && <LoadingRows rows={3} />}
      {from !== to && !error && data && (
        <>
          <Text size="sm" fw={600} mb="xs">
            {data.summary}
          </Text>
          <DiffView configuration={data.configuration} assets={data.assets} />
        </>
      )}
    </Section>
  )
}
