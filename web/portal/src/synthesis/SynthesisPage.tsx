import { ActionIcon, Button, Group, Loader, Menu, Stack, Text } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { useAct } from '../hooks.ts'
import { DownloadMenu } from '../parts/DownloadMenu.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { download } from '../parts/save.ts'
import { api } from '../session/session.ts'
import { Card } from './Card.tsx'
import { type Synthesis, synthesisQuery } from './data.ts'
import { Making } from './Making.tsx'
import { Sharing } from './Sharing.tsx'

const PlanForm = lazy(async () => ({ default: (await import('./PlanForm.tsx')).PlanForm }))
const Evaluations = lazy(async () => ({ default: (await import('./Evaluations.tsx')).Evaluations }))
const back = { to: '/synthetic', label: 'Synthetic data' }

/** One synthetic table, from its proposal to its card. */
export function SynthesisPage() {
  const { synthesisId } = useParams({ strict: false }) as { synthesisId: string }
  const { data, error, refetch } = useQuery(synthesisQuery(synthesisId))
  if (!data)
    return (
      <Page title="Synthetic data" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded key={synthesisId} synthesis={data} />
}

function Loaded({ synthesis }: { synthesis: Synthesis }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { busy, error, act } = useAct()
  const { synthesisId, datasetId, jobId, state } = synthesis
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['syntheses'] })
    void client.invalidateQueries({ queryKey: ['dataset', datasetId] })
  }, [state, client, datasetId])
  const cancel = () =>
    act('cancel', async () => {
      await api.jobs.cancel({ params: { jobId: jobId! } })
      await client.invalidateQueries({ queryKey: ['synthesis', synthesisId] })
    })
  const again = () =>
    act('again', async () => {
      const next = await api.synthesis.begin({ body: { from: synthesisId } })
      void navigate({ to: `/synthetic/${next.synthesisId}` })
    })
  const can = (what: Synthesis['may'][number]) => synthesis.may.includes(what)
  return (
    <Page
      title={synthesis.title}
      state={<StateBadge of="synthesis" state={state} />}
      back={back}
      wide={can('confirm')}
      hint={
        <>
          {synthesis.datasetVersion > 0 ? `${synthesis.dataset}, ` : ''}
          {synthesis.table} · by {synthesis.owner.name}, <RelativeTime at={synthesis.created} />
          {synthesis.expires && state === 'ready' ? (
            <>
              {' '}
              · expires <RelativeTime at={synthesis.expires} />
            </>
          ) : (
            ''
          )}
        </>
      }
      action={
        <>
          {can('download') && <Download synthesis={synthesis} />}
          {state === 'running' && can('cancel') && (
            <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
              Cancel
            </Button>
          )}
          {can('share') && <MoreActs again={() => void again()} />}
        </>
      }
    >
      <ProblemNotice error={error} />
      <Suspense fallback={<LoadingRows />}>
        <Body synthesis={synthesis} />
      </Suspense>
    </Page>
  )
}

const MoreActs = ({ again }: { again: () => void }) => (
  <Menu position="bottom-end">
    <Menu.Target>
      <ActionIcon variant="default" size={36} aria-label="More acts">
        <IconDots size={18} />
      </ActionIcon>
    </Menu.Target>
    <Menu.Dropdown>
      <Menu.Item onClick={again}>
        Make another version
        <Text size="xs" c="dimmed">
          With this plan, to be changed and confirmed
        </Text>
      </Menu.Item>
    </Menu.Dropdown>
  </Menu>
)

function Body({ synthesis }: { synthesis: Synthesis }) {
  switch (synthesis.state) {
    case 'uploading':
      return (
        <Text>
          The file has not arrived whole. Begin again with <b>Make synthetic data</b>; nothing was charged.
        </Text>
      )
    case 'reading':
      return (
        <Group role="status">
          <Loader size="sm" />
          <Text>Reading the file and its columns. A plan is proposed in a moment.</Text>
        </Group>
      )
    case 'running':
      return <Making synthesis={synthesis} />
    case 'proposed':
    case 'failed':
      return synthesis.may.includes('confirm') && synthesis.plan ? (
        <PlanForm synthesis={synthesis} />
      ) : (
        <NotMade synthesis={synthesis} />
      )
    default:
      return synthesis.card ? (
        <Ready synthesis={synthesis} />
      ) : (
        <Text c="dimmed">It has expired; its table is gone.</Text>
      )
  }
}

/** For those who cannot confirm a plan: why there is no table yet. */
const NotMade = ({ synthesis: { state, problem, faults } }: { synthesis: Synthesis }) => (
  <Stack maw={720} gap="xs">
    <Text>
      {state === 'failed' ? problem || 'It could not be made.' : 'It waits for its custodian to confirm a plan.'}
    </Text>
    {faults
      ?.filter((fault) => fault.message !== problem)
      .map((fault) => (
        <Text key={fault.message} size="sm" c="dimmed">
          {fault.column ? `${fault.column}: ` : ''}
          {fault.message}
        </Text>
      ))}
  </Stack>
)

function Ready({ synthesis }: { synthesis: Synthesis }) {
  const [chosen, setTab] = useAddress('tab')
  const tabs = [
    { name: 'card', label: 'Card', shown: true, part: Card },
    { name: 'agreement', label: 'Agreement', shown: synthesis.state === 'ready', part: Evaluations },
    { name: 'sharing', label: 'Sharing', shown: synthesis.may.includes('share'), part: Sharing },
  ].filter(({ shown }) => shown)
  const open = tabs.find(({ name }) => name === chosen) ?? tabs[0]!
  return (
    <PageTabs tabs={tabs} open={open.name} choose={(name) => setTab(name === 'card' ? '' : name)}>
      <Suspense fallback={<LoadingRows />}>
        <open.part synthesis={synthesis} />
      </Suspense>
    </PageTabs>
  )
}

const formats = [
  { format: 'csv', label: 'CSV', holds: 'The table' },
  { format: 'parquet', label: 'Parquet', holds: 'The table, for large data' },
  { format: 'dictionary', label: 'Data dictionary', holds: 'What each column means and may hold' },
  { format: 'croissant', label: 'Croissant', holds: 'Machine-readable metadata (JSON-LD)' },
  { format: 'card', label: 'Release card', holds: 'Method, guarantee and every draw (JSON)' },
] as const

function Download({ synthesis: { synthesisId } }: { synthesis: Synthesis }) {
  const { busy, error, act } = useAct()
  const take = (format: (typeof formats)[number]['format']) =>
    act('download', async () => {
      const { url, filename } = await api.synthesis.download({ params: { synthesisId }, query: { format } })
      download(url, filename)
    })
  return (
    <>
      <DownloadMenu formats={formats} take={(format) => void take(format)} busy={busy !== ''} />
      <ProblemNotice error={error} title="It could not be downloaded" />
    </>
  )
}
