import { ActionIcon, Button, Menu, Text } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Suspense, useEffect, useState } from 'react'
import { chooseOrganisation, useMay, useOrganisation } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { datasetQuery } from './data.ts'
import type { Dataset } from '../queries/datasets.ts'
import type { OfDataset } from '../shell/area.ts'
import { useAreas } from '../shell/areas-context.ts'
import { lazyPart, type Tab, withContributed } from '../shell/tabs.ts'
import { Overview } from './Overview.tsx'

const SchemaTab = lazyPart(
  () => import('./SchemaTab.tsx'),
  (module) => module.SchemaTab,
)
const Register = lazyPart(
  () => import('./Register.tsx'),
  (module) => module.Register,
)
const Ledger = lazyPart(
  () => import('./Ledger.tsx'),
  (module) => module.Ledger,
)
const PolicyTab = lazyPart(
  () => import('./PolicyTab.tsx'),
  (module) => module.PolicyTab,
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
  const own: Tab<OfDataset>[] = [
    { name: 'overview', label: 'Overview', shown: true, part: Overview },
    {
      name: 'register',
      label: state === 'published' ? 'New version' : 'Registration',
      shown: custodian && (unfinished || (tab === 'register' && state !== 'retired')),
      part: Register,
    },
    { name: 'schema', label: 'Schema', shown: dataset.schema !== undefined, part: SchemaTab },
    { name: 'budget', label: 'Budget', shown: custodian && dataset.version > 0, part: Ledger },
    { name: 'policy', label: 'Policy', shown: custodian && dataset.version > 0, part: PolicyTab },
  ]
  const contributed = useAreas().flatMap((area) => area.datasetTabs ?? [])
  const tabs = withContributed(own, contributed, may, { dataset }).filter((each) => each.shown)
  const open = tabs.find(({ name }) => name === tab) ?? tabs[0]!
  const register = `/datasets/${datasetId}/register`
  return (
    <Page
      title={dataset.title}
      state={<StateBadge of="dataset" state={state} />}
      back={{ to: '/datasets', label: 'Datasets' }}
      wide={open.name === 'register' || open.name === 'schema'}
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
          <NextStep dataset={dataset} finish={custodian && unfinished && open.name !== 'register'} />
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
      <PageTabs
        tabs={tabs}
        open={open.name}
        choose={(name) => void navigate({ to: `/datasets/${datasetId}/${name}` })}
        mb="lg"
      >
        <Suspense fallback={<LoadingRows />}>
          <open.part key={datasetId} dataset={dataset} />
        </Suspense>
      </PageTabs>
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

const nextWords = {
  draft: 'Go on with the registration',
  reading: 'See how far it is',
  proposed: 'Review and publish',
} as const

/** The one next act: to finish the registration, or to ask. */
function NextStep({ dataset: { datasetId, state, mayAnalyse }, finish }: { dataset: Dataset; finish: boolean }) {
  if (finish && state in nextWords)
    return (
      <Button component={Link} to={`/datasets/${datasetId}/register`}>
        {nextWords[state as keyof typeof nextWords]}
      </Button>
    )
  if (!mayAnalyse) return null
  return (
    <Button component={Link} to="/analyses/ask" search={{ dataset: datasetId } as never}>
      Ask a question
    </Button>
  )
}
