import { ActionIcon, Button, Loader, Group, Menu, Stack, Switch, Tabs, Text, TextInput } from '@mantine/core'
import { IconDots, IconDownload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { Card } from './Card.tsx'
import { type Synthesis, synthesisQuery } from './data.ts'
import { Making } from './Making.tsx'

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
  return <Loaded key={synthesisId} s={data} />
}

function Loaded({ s }: { s: Synthesis }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState('')
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['syntheses'] })
    void client.invalidateQueries({ queryKey: ['dataset', s.datasetId] })
  }, [s.state, client, s.datasetId])
  const act = async (name: string, run: () => Promise<unknown>) => {
    setBusy(name)
    setError(undefined)
    try {
      await run()
    } catch (e) {
      setError(e)
    } finally {
      setBusy('')
    }
  }
  const cancel = () =>
    act('cancel', async () => {
      await api.jobs.cancel({ params: { jobId: s.jobId! } })
      await client.invalidateQueries({ queryKey: ['synthesis', s.synthesisId] })
    })
  const again = () =>
    act(
      'again',
      async () =>
        void navigate({
          to: `/synthetic/${(await api.synthesis.begin({ body: { from: s.synthesisId } })).synthesisId}`,
        }),
    )
  const can = (what: Synthesis['may'][number]) => s.may.includes(what)
  return (
    <Page
      title={s.title}
      state={<StateBadge of="synthesis" state={s.state} />}
      back={back}
      wide={can('confirm')}
      hint={
        <>
          {s.datasetVersion > 0 ? `${s.dataset}, ` : ''}
          {s.table} · by {s.owner.name}, <RelativeTime at={s.created} />
          {s.expires && s.state === 'ready' ? (
            <>
              {' '}
              · expires <RelativeTime at={s.expires} />
            </>
          ) : (
            ''
          )}
        </>
      }
      action={
        <>
          {can('download') && <Download s={s} />}
          {s.state === 'running' && can('cancel') && (
            <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
              Cancel
            </Button>
          )}
          {can('share') && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More acts">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => void again()}>
                  Make another version
                  <Text size="xs" c="dimmed">
                    With this plan, to be changed and confirmed
                  </Text>
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <ProblemNotice error={error} />
      <Suspense fallback={<LoadingRows />}>
        <Body s={s} />
      </Suspense>
    </Page>
  )
}

function Body({ s }: { s: Synthesis }): ReactNode {
  switch (s.state) {
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
      return <Making synthesis={s} />
    case 'proposed':
    case 'failed':
      return s.may.includes('confirm') && s.plan ? (
        <PlanForm synthesis={s} />
      ) : (
        <Stack maw={720} gap="xs">
          <Text>
            {s.state === 'failed'
              ? s.problem || 'It could not be made.'
              : 'It waits for its custodian to confirm a plan.'}
          </Text>
          {s.faults
            ?.filter((f) => f.message !== s.problem)
            .map((f) => (
              <Text key={f.message} size="sm" c="dimmed">
                {f.column ? `${f.column}: ` : ''}
                {f.message}
              </Text>
            ))}
        </Stack>
      )
    default:
      return s.card ? <Ready s={s} /> : <Text c="dimmed">It has expired; its table is gone.</Text>
  }
}

function Ready({ s }: { s: Synthesis }) {
  const [tab, setTab] = useAddress('tab')
  const open =
    tab === 'agreement' && s.state === 'ready' ? tab : tab === 'sharing' && s.may.includes('share') ? tab : 'card'
  return (
    <Tabs value={open} onChange={(t) => setTab(t === 'card' ? '' : (t ?? ''))} keepMounted={false}>
      <Tabs.List className="tabs">
        <Tabs.Tab value="card">Card</Tabs.Tab>
        {s.state === 'ready' && <Tabs.Tab value="agreement">Agreement</Tabs.Tab>}
        {s.may.includes('share') && <Tabs.Tab value="sharing">Sharing</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value={open} pt="lg">
        <Suspense fallback={<LoadingRows />}>
          {open === 'card' ? (
            <Card synthesis={s} />
          ) : open === 'agreement' ? (
            <Evaluations synthesis={s} />
          ) : (
            <Sharing s={s} />
          )}
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  )
}

const formats = [
  ['csv', 'CSV', 'The table'],
  ['parquet', 'Parquet', 'The table, for large data'],
  ['dictionary', 'Data dictionary', 'What each column means and may hold'],
  ['croissant', 'Croissant', 'Machine-readable metadata (JSON-LD)'],
  ['card', 'Release card', 'Method, guarantee and every draw (JSON)'],
] as const

function Download({ s }: { s: Synthesis }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const take = async (format: (typeof formats)[number][0]) => {
    setBusy(true)
    setError(undefined)
    try {
      const { url, filename } = await api.synthesis.download({
        params: { synthesisId: s.synthesisId },
        query: { format },
      })
      const a = document.createElement('a')
      a.href = url
      a.download = filename
      a.click()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button loading={busy} leftSection={<IconDownload size={16} aria-hidden />}>
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {formats.map(([format, label, text]) => (
            <Menu.Item key={format} onClick={() => void take(format)}>
              {label}
              <Text size="xs" c="dimmed">
                {text}
              </Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ProblemNotice error={error} title="It could not be downloaded" />
    </>
  )
}

/** Who else may have it, under which title, until when. */
function Sharing({ s }: { s: Synthesis }) {
  const client = useQueryClient()
  const [error, setError] = useState<unknown>()
  const change = async (body: { title?: string; shared?: boolean; expires?: string }) => {
    setError(undefined)
    try {
      client.setQueryData(
        ['synthesis', s.synthesisId],
        await api.synthesis.share({ params: { synthesisId: s.synthesisId }, body: { rev: s.rev, ...body } }),
      )
    } catch (e) {
      setError(e)
    }
  }
  return (
    <Stack maw={480} gap="md">
      <ProblemNotice error={error} title="It was not changed" />
      <Switch
        label="Shared with the organisation’s analysts"
        description="They find it here and may download it. The guarantee holds whoever has it."
        checked={s.shared}
        onChange={(e) => void change({ shared: e.currentTarget.checked })}
      />
      <TextInput
        label="Title"
        defaultValue={s.title}
        key={`title ${s.title}`}
        maxLength={120}
        onBlur={(e) => {
          const title = e.currentTarget.value.trim()
          if (title && title !== s.title) void change({ title })
        }}
      />
      <TextInput
        type="date"
        label="Expires"
        description="Its files are deleted then; the card stays."
        defaultValue={s.expires?.slice(0, 10)}
        key={`expires ${s.expires}`}
        onBlur={(e) => {
          const expires = e.currentTarget.value
          if (expires && expires !== s.expires?.slice(0, 10)) void change({ expires })
        }}
      />
    </Stack>
  )
}
