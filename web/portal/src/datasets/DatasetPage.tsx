import { ActionIcon, Button, Menu, Tabs, Text } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState, type ComponentType } from 'react'
import { chooseOrganisation, useMay, useOrganisation } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { type Dataset, datasetQuery } from './data.ts'
import { Overview } from './Overview.tsx'

type Part = ComponentType<{ dataset: Dataset }>
const part = <T,>(load: () => Promise<T>, pick: (m: T) => Part) => lazy(async () => ({ default: pick(await load()) }))
const SchemaTab = part(
  () => import('./SchemaTab.tsx'),
  (m) => m.SchemaTab,
)
const Register = part(
  () => import('./Register.tsx'),
  (m) => m.Register,
)
const Ledger = part(
  () => import('./Ledger.tsx'),
  (m) => m.Ledger,
)
const PolicyTab = part(
  () => import('./PolicyTab.tsx'),
  (m) => m.PolicyTab,
)
const History = part(
  () => import('./History.tsx'),
  (m) => m.History,
)
const Analyses = part(
  () => import('../analyses/OfDataset.tsx'),
  (m) => m.OfDataset,
)

/** As the custodian wrote it; a bare number gets its noun. */
const subjectsInWords = (t: string): string => (/^\d+$/.test(t.trim()) ? `${t.trim()} subjects` : t)

/** One dataset: its name, state and next step; then its parts. */
export function DatasetPage() {
  const { datasetId, tab } = useParams({ strict: false }) as { datasetId: string; tab: string }
  const { data: dataset, error, refetch } = useQuery(datasetQuery(datasetId))
  const here = useOrganisation()
  useEffect(() => {
    if (dataset && dataset.organisationId !== here?.organisationId) chooseOrganisation(dataset.organisationId)
  }, [dataset, here?.organisationId])
  if (!dataset)
    return (
      <Page title="Dataset" back={{ to: '/datasets', label: 'Datasets' }}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded dataset={dataset} tab={tab} />
}

function Loaded({ dataset, tab }: { dataset: Dataset; tab: string }) {
  const may = useMay()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [retiring, setRetiring] = useState(false)
  const { datasetId, state } = dataset
  const custodian = may('dataset.manage', dataset)
  const unfinished = state === 'draft' || state === 'reading' || state === 'proposed'
  const tabs: [name: string, label: string, shown: boolean, part: Part][] = [
    ['overview', 'Overview', true, Overview],
    [
      'register',
      state === 'published' ? 'New version' : 'Registration',
      custodian && (unfinished || (tab === 'register' && state !== 'retired')),
      Register,
    ],
    ['schema', 'Schema', dataset.schema !== undefined, SchemaTab],
    ['analyses', 'Analyses', custodian && dataset.version > 0, Analyses],
    ['budget', 'Budget', custodian && dataset.version > 0, Ledger],
    ['policy', 'Policy', custodian && dataset.version > 0, PolicyTab],
    ['history', 'History', custodian, History],
  ]
  const open = tabs.find(([name, , shown]) => name === tab && shown) ?? tabs[0]!
  const Part = open[3]
  const register = `/datasets/${datasetId}/register`
  const next =
    custodian && unfinished && open[0] !== 'register' ? (
      <Button component={Link} to={register}>
        {state === 'draft'
          ? 'Go on with the registration'
          : state === 'reading'
            ? 'See how far it is'
            : 'Review and publish'}
      </Button>
    ) : dataset.mayAnalyse ? (
      <Button component={Link} to="/analyses/ask" search={{ dataset: datasetId } as never}>
        Ask a question
      </Button>
    ) : null
  return (
    <Page
      title={dataset.title}
      state={<StateBadge of="dataset" state={state} />}
      back={{ to: '/datasets', label: 'Datasets' }}
      wide={open[0] === 'register' || open[0] === 'schema'}
      hint={
        <>
          {dataset.version > 0 ? `Version ${dataset.version} · ` : ''}
          <Text span ff="monospace" size="sm">
            {dataset.name}
          </Text>
          {dataset.declaredSubjects ? ` · ${subjectsInWords(dataset.declaredSubjects)}` : ''}
        </>
      }
      action={
        <>
          {next}
          {custodian && state !== 'retired' && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More acts">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {state === 'published' && (
                  <Menu.Item component={Link} to={register}>
                    Register a new version
                  </Menu.Item>
                )}
                <Menu.Item onClick={() => setRetiring(true)}>Retire</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <Tabs
        value={open[0]}
        onChange={(t) => t && void navigate({ to: `/datasets/${datasetId}/${t}` })}
        keepMounted={false}
        mb="lg"
      >
        <Tabs.List className="tabs">
          {tabs
            .filter(([, , shown]) => shown)
            .map(([name, label]) => (
              <Tabs.Tab key={name} value={name}>
                {label}
              </Tabs.Tab>
            ))}
        </Tabs.List>
        <Tabs.Panel value={open[0]} pt="lg">
          <Suspense fallback={<LoadingRows />}>
            <Part key={datasetId} dataset={dataset} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
      <ConfirmByName
        opened={retiring}
        onClose={() => setRetiring(false)}
        title="Retire this dataset"
        name={dataset.name}
        label="Retire for good"
        act={async () => {
          client.setQueryData(
            ['dataset', datasetId],
            await api.datasets.retire({ params: { datasetId }, body: { rev: dataset.rev } }),
          )
          void client.invalidateQueries({ queryKey: ['datasets'] })
        }}
      >
        No question is accepted any more, and nobody can undo this. Results that were released stay, and so does the
        history.
      </ConfirmByName>
    </Page>
  )
}
