import { Anchor, Button, Group, Menu, Tabs, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { jobLife } from '../../../../domain/jobs/life.ts'
import { modeName } from '../parts/policy-words.ts'
import { useMay, useMe } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { Approval, Inspect, TrialLog } from './Custodian.tsx'
import type { CodeHandle } from '../parts/job/CodeEditor.tsx'
import { type Job, jobQuery } from '../queries/jobs.ts'
import { resultQuery } from './data.ts'
import { Findings } from '../parts/job/Findings.tsx'
import { Outputs } from '../parts/job/Outputs.tsx'
import { Question } from './Question.tsx'
import { ReleaseCard } from './ReleaseCard.tsx'
import { Steps } from '../parts/job/Steps.tsx'
import { Thread } from './Thread.tsx'
import { kindWords, stateWord, waitingWords } from '../parts/job/words.ts'
import { languageName } from '../parts/policy-words.ts'

/**
 * One analysis: how it stands and the next step; what is happening; then what came back, what was asked, what the gate
 * found.
 */
export function JobPage() {
  const { jobId } = useParams({ strict: false }) as { jobId: string }
  const { data: job, error, refetch } = useQuery(jobQuery(jobId))
  if (!job)
    return (
      <Page title="Analysis" back={{ to: '/analyses', label: 'Analyses' }}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded key={jobId} job={job} />
}

const what = (job: Job): string =>
  `${job.language ? languageName[job.language] : kindWords[job.kind]}${job.mode ? `, released by ${modeName[job.mode].toLowerCase()}` : job.on === 'twin' ? ', tried on the twin' : ''}`

function Loaded({ job }: { job: Job }) {
  const me = useMe()
  const may = useMay()
  const client = useQueryClient()
  const [chosen, choose] = useAddress('tab')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState('')
  const code = useRef<CodeHandle>(null)
  const [wanted, setWanted] = useState<number>()
  const live = jobLife[job.state].live
  const own = job.owner.userId === me.userId
  const asked = job.language !== undefined
  useEffect(() => {
    if (!live) {
      void client.invalidateQueries({ queryKey: ['jobs'] })
      void client.invalidateQueries({ queryKey: ['dataset', job.datasetId] })
    }
  }, [live, client, job.datasetId])
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
    act('cancel', async () =>
      client.setQueryData(['job', job.jobId], await api.jobs.cancel({ params: { jobId: job.jobId } })),
    )
  const tabs: [name: string, label: string, shown: boolean, part: () => ReactNode][] = [
    ['result', 'Result', job.hasResult, () => <ResultTab job={job} />],
    ['log', 'Log', job.on === 'twin' && !live, () => <TrialLog job={job} />],
    ['question', 'Question', asked, () => <Question job={job} handle={code} />],
    ['findings', 'Findings', job.findings.length > 0, () => <Findings findings={job.findings} />],
    ['logs', 'Logs', job.may.includes('inspect') && job.on !== 'twin', () => <Inspect job={job} />],
  ]
  const shown = tabs.filter(([, , s]) => s)
  const open = shown.find(([name]) => name === chosen) ?? shown[0]
  // The editor comes with its tab: the line is gone to once it is there.
  useEffect(() => {
    if (wanted === undefined) return
    const timer = setInterval(() => {
      if (code.current) {
        code.current.showLine(wanted)
        setWanted(undefined)
      }
    }, 50)
    return () => clearInterval(timer)
  }, [wanted])
  const go = (line: number) => {
    choose('question')
    setWanted(line)
  }
  const again = asked && own && (
    <Button
      component={Link}
      to="/analyses/ask"
      search={{ dataset: job.datasetId, again: job.jobId } as never}
      variant={live || job.hasResult ? 'default' : 'filled'}
    >
      {job.hasResult || live ? 'Ask again with changes' : 'Edit and run again'}
    </Button>
  )
  return (
    <Page
      title={job.title}
      state={<StateBadge of="job" state={job.state} word={stateWord(job)} />}
      back={{ to: '/analyses', label: 'Analyses' }}
      hint={
        <>
          {what(job)} ·{' '}
          <Anchor component={Link} to={`/datasets/${job.datasetId}/overview`} inherit underline="always">
            {job.dataset}
          </Anchor>
          {job.datasetVersion > 0 ? `, version ${job.datasetVersion}` : ''} · {own ? 'you' : job.owner.name},{' '}
          <RelativeTime at={job.created} />
        </>
      }
      action={
        <>
          {job.may.includes('check') && (
            <Button component={Link} to={`/checks/${job.jobId}`}>
              Check this output
            </Button>
          )}
          {!live && again}
          {job.hasResult && <Downloads job={job} busy={busy} act={act} />}
          {live && job.may.includes('cancel') && (
            <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
              Stop it
            </Button>
          )}
        </>
      }
    >
      <ProblemNotice error={error} />
      {job.may.includes('approve') && job.waiting === 'approval' && <Approval job={job} />}
      {job.waiting && live && job.waiting !== 'answer' && !job.may.includes('approve') && (
        <Text mb="md" role="status" className="panel">
          {waitingWords[job.waiting]}
          {job.waiting === 'checkers' && job.checks ? ` ${job.checks.votes} of ${job.checks.needed} have voted.` : ''}
        </Text>
      )}
      <Thread job={job} />
      {(!job.hasResult || live) && (
        <div className="narrow">
          <Steps job={job} line={asked && own ? go : undefined} />
        </div>
      )}
      {open && (
        <Tabs value={open[0]} onChange={(t) => t && choose(t)} keepMounted={false} mt="lg">
          <Tabs.List className="tabs">
            {shown.map(([name, label]) => (
              <Tabs.Tab key={name} value={name}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value={open[0]} pt="lg">
            {open[3]()}
          </Tabs.Panel>
        </Tabs>
      )}
      {job.hasResult && !live && (
        <details className="legend">
          <summary>How it went</summary>
          <div className="narrow">
            <Steps job={job} />
          </div>
        </details>
      )}
      <Group gap="xs" mt="xl">
        <Text size="sm" c="dimmed">
          Analysis id
        </Text>
        <CopyId value={job.jobId} label="analysis id" />
        {may('audit.read') && (
          <Anchor component={Link} to="/audit" search={{ q: job.jobId } as never} size="sm">
            In the audit chain
          </Anchor>
        )}
      </Group>
    </Page>
  )
}

const formats = [
  ['json', 'JSON', 'Everything, with the release card'],
  ['csv', 'CSV', 'The tables'],
  ['ro-crate', 'RO-Crate', 'A Five Safes crate, to archive and cite'],
] as const
function Downloads({
  job,
  busy,
  act,
}: {
  job: Job
  busy: string
  act: (name: string, run: () => Promise<unknown>) => Promise<void>
}) {
  const take = (format: (typeof formats)[number][0]) =>
    act('download', async () => {
      const { url, filename } = await api.jobs.download({ params: { jobId: job.jobId, format } })
      const a = document.createElement('a')
      a.href = url
      a.download = filename
      a.click()
    })
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button loading={busy === 'download'} leftSection={<IconDownload size={16} aria-hidden />}>
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
  )
}

function ResultTab({ job }: { job: Job }) {
  const { data: result, error, refetch } = useQuery(resultQuery(job.jobId))
  if (!result) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={6} />
  return (
    <div className="two">
      <div>
        <Outputs outputs={result.outputs} noise={result.card.mode === 'noise'} />
        {result.files.map((f) => (
          <figure key={f.name} className="plot">
            <img src={f.url} alt={`Plot ${f.name}, released by checkers`} className="released-plot" />
            <figcaption>
              <Anchor href={f.url} download={f.name} size="sm">
                {f.name}
              </Anchor>
            </figcaption>
          </figure>
        ))}
        {result.outputs.length + result.files.length === 0 && (
          <Text c="dimmed">Nothing of the output was left to release.</Text>
        )}
      </div>
      <ReleaseCard card={result.card} />
    </div>
  )
}
