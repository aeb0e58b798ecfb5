import '@mantine/spotlight/styles.css'
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useMantineColorScheme } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useMyJobs } from '../analyses/data.ts'
import { useDatasets } from '../datasets/data.ts'
import { useMay, useMe, chooseOrganisation, useOrganisation } from '../hooks.ts'
import { session } from '../session/session.ts'
import { useStudies } from '../studies/data.ts'

const [store, opener] = createSpotlight()

/** Ctrl/Cmd-K: go anywhere and do the common acts. */
export function Palette({ asked }: { asked: number }) {
  useEffect(() => {
    opener.open()
  }, [asked])
  const navigate = useNavigate()
  const me = useMe()
  const here = useOrganisation()
  const may = useMay()
  const { data: studies = [] } = useStudies(here?.organisationId)
  const { data: datasets = [] } = useDatasets(here?.organisationId)
  const asks = here !== undefined && may('dataset.analyse')
  const { data: jobs } = useMyJobs({}, asks)
  const { setColorScheme } = useMantineColorScheme()
  const go = (label: string, to: string, description?: string) => ({
    id: `${to} ${label}`,
    label,
    description,
    onClick: () => void navigate({ to }),
  })
  const actions: SpotlightActionGroupData[] = [
    {
      group: 'Do',
      actions: [
        ...(here && may('studies.create')
          ? [go('New study', '/studies/new', 'From an example, from a file or empty')]
          : []),
        ...(asks ? [go('Ask a question', '/analyses/ask', 'SQL, Python, R or a notebook, where the data is')] : []),
        ...(here && may('datasets.create')
          ? [go('Register a dataset', '/datasets/new', 'Tables and images that others may ask')]
          : []),
        ...(here && may('people.manage') ? [go('Invite a person', '/settings/people')] : []),
        go('Make an access token', '/settings/tokens', 'For scripts and tools'),
        { id: 'light', label: 'Use light colours', onClick: () => setColorScheme('light') },
        { id: 'dark', label: 'Use dark colours', onClick: () => setColorScheme('dark') },
        { id: 'out', label: 'Sign out', onClick: () => void session.signOut() },
      ],
    },
    {
      group: 'Studies',
      actions: studies.flatMap((s) => [
        go(s.title, `/studies/${s.studyId}/overview`, s.state),
        ...(may('study.edit', s)
          ? [
              go(`${s.title}: links`, `/studies/${s.studyId}/links`, 'Make or copy a link'),
              go(`${s.title}: content`, `/studies/${s.studyId}/content`, 'Edit and publish'),
            ]
          : []),
      ]),
    },
    {
      group: 'Datasets',
      actions: datasets.flatMap((d) => [
        go(d.title, `/datasets/${d.datasetId}/overview`, d.state),
        ...(d.schema ? [go(`${d.title}: schema`, `/datasets/${d.datasetId}/schema`, 'Tables and columns')] : []),
        ...(d.mayAnalyse
          ? [
              {
                id: `ask ${d.datasetId}`,
                label: `${d.title}: ask`,
                description: 'A new question',
                onClick: () => void navigate({ to: '/analyses/ask', search: { dataset: d.datasetId } as never }),
              },
            ]
          : []),
      ]),
    },
    {
      group: 'Analyses',
      actions: (jobs?.pages[0]?.items ?? [])
        .slice(0, 20)
        .map((j) => go(j.title, `/analyses/${j.jobId}`, `${j.dataset}, ${j.state}`)),
    },
    {
      group: 'Go to',
      actions: [
        go('Home', '/'),
        ...(here ? [go('Studies', '/studies'), go('Datasets', '/datasets')] : []),
        ...(asks ? [go('Analyses', '/analyses')] : []),
        ...(here && may('outputs.check') ? [go('Output checks', '/checks')] : []),
        ...(here && may('audit.read') ? [go('Audit', '/audit')] : []),
        ...(here && may('people.read') ? [go('People', '/settings/people')] : []),
        go('Approve a tool', '/device', 'Enter the code that a tool shows'),
        go('API reference', '/docs'),
        ...me.memberships
          .filter((m) => m.organisationId !== here?.organisationId)
          .map((m) => ({
            id: m.organisationId,
            label: `Switch to ${m.organisation}`,
            onClick: () => {
              chooseOrganisation(m.organisationId)
              void navigate({ to: '/' })
            },
          })),
      ],
    },
  ]
  return (
    <Spotlight
      store={store}
      actions={actions}
      shortcut={null}
      limit={12}
      nothingFound="Nothing like that"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: 'Where to, or what to do?',
        'aria-label': 'Where to, or what to do?',
      }}
    />
  )
}
