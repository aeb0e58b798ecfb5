import { ActionIcon, Menu, Tabs } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, type ComponentType } from 'react'
import { chooseOrganisation, type Study, useMay, useOrganisation } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { studyQuery } from './data.ts'
import { NextAction, useStudyActs } from './NextAction.tsx'
import { Overview } from './Overview.tsx'

const part = <T,>(load: () => Promise<T>, pick: (m: T) => ComponentType<{ study: Study }>) =>
  lazy(async () => ({ default: pick(await load()) }))
const Content = part(
  () => import('./Content.tsx'),
  (m) => m.Content,
)
const Versions = part(
  () => import('./Versions.tsx'),
  (m) => m.Versions,
)
const Links = part(
  () => import('./Links.tsx'),
  (m) => m.Links,
)
const People = part(
  () => import('./People.tsx'),
  (m) => m.People,
)
const Settings = part(
  () => import('./Settings.tsx'),
  (m) => m.Settings,
)
const Results = part(
  () => import('../results/index.tsx'),
  ({ ResultsTab }) =>
    ({ study }) => <ResultsTab studyId={study.studyId} />,
)
const History = part(
  () => import('../audit/index.tsx'),
  ({ ObjectHistory }) =>
    ({ study }) => <ObjectHistory studyId={study.studyId} />,
)

/** One study: its name, state and next step; then its parts. */
export function StudyPage() {
  const { studyId, tab } = useParams({ strict: false }) as { studyId: string; tab: string }
  const { data: study, error, refetch } = useQuery(studyQuery(studyId))
  const here = useOrganisation()
  useEffect(() => {
    if (study && study.organisationId !== here?.organisationId) chooseOrganisation(study.organisationId)
  }, [study, here?.organisationId])
  if (!study)
    return (
      <Page title="Study" back={{ to: '/studies', label: 'Studies' }}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded study={study} tab={tab} />
}

function Loaded({ study, tab }: { study: Study; tab: string }) {
  const may = useMay()
  const navigate = useNavigate()
  const { acts, dialogs, error } = useStudyActs(study)
  const edit = may('study.edit', study)
  const tabs: [name: string, label: string, shown: boolean, part: ComponentType<{ study: Study }>][] = [
    ['overview', 'Overview', true, Overview],
    ['content', 'Content', edit, Content],
    ['versions', 'Versions', true, Versions],
    ['links', 'Links', edit, Links],
    ['results', 'Results', may('runs.rows', study), Results],
    ['people', 'People', may('study.people', study), People],
    ['settings', 'Settings', edit, Settings],
    ['history', 'History', true, History],
  ]
  const open = tabs.find(([name, , shown]) => name === tab && shown) ?? tabs[0]!
  const Part = open[3]
  return (
    <Page
      title={study.title}
      state={<StateBadge of="study" state={study.state} />}
      hint={study.description}
      back={{ to: '/studies', label: 'Studies' }}
      wide={open[0] === 'content'}
      action={
        <>
          <NextAction acts={acts} />
          {acts.others.length > 0 && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More acts">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {acts.others.map((a) => (
                  <Menu.Item key={a.label} onClick={a.run}>
                    {a.label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <ProblemNotice error={error} />
      {dialogs}
      <Tabs
        value={open[0]}
        onChange={(t) => t && void navigate({ to: `/studies/${study.studyId}/${t}` })}
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
            <Part key={study.studyId} study={study} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
