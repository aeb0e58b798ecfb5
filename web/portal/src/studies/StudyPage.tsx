import { ActionIcon, Menu } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Suspense, useEffect } from 'react'
import { chooseOrganisation, type Study, useMay, useOrganisation } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { studyQuery } from '../queries/studies.ts'
import type { OfStudy } from '../shell/area.ts'
import { useAreas } from '../shell/areas-context.ts'
import { lazyPart, type Tab, withContributed } from '../shell/tabs.ts'
import { NextAction } from './NextAction.tsx'
import { useStudyActs } from './useStudyActs.tsx'
import { Overview } from './Overview.tsx'

const Content = lazyPart(
  () => import('./Content.tsx'),
  (module) => module.Content,
)
const Versions = lazyPart(
  () => import('./Versions.tsx'),
  (module) => module.Versions,
)
const Links = lazyPart(
  () => import('./Links.tsx'),
  (module) => module.Links,
)
const People = lazyPart(
  () => import('./People.tsx'),
  (module) => module.People,
)
const Settings = lazyPart(
  () => import('./Settings.tsx'),
  (module) => module.Settings,
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
  const own: Tab<OfStudy>[] = [
    { name: 'overview', label: 'Overview', shown: true, part: Overview },
    { name: 'content', label: 'Content', shown: edit, part: Content },
    { name: 'versions', label: 'Versions', shown: true, part: Versions },
    { name: 'links', label: 'Links', shown: edit, part: Links },
    { name: 'people', label: 'People', shown: may('study.people', study), part: People },
    { name: 'settings', label: 'Settings', shown: edit, part: Settings },
  ]
  const contributed = useAreas().flatMap((area) => area.studyTabs ?? [])
  const tabs = withContributed(own, contributed, may, { study }).filter((each) => each.shown)
  const open = tabs.find(({ name }) => name === tab) ?? tabs[0]!
  return (
    <Page
      title={study.title}
      state={<StateBadge of="study" state={study.state} />}
      hint={study.description}
      back={{ to: '/studies', label: 'Studies' }}
      wide={open.name === 'content'}
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
                {acts.others.map((act) => (
                  <Menu.Item key={act.label} onClick={act.run}>
                    {act.label}
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
      <PageTabs
        tabs={tabs}
        open={open.name}
        choose={(name) => void navigate({ to: `/studies/${study.studyId}/${name}` })}
        mb="lg"
      >
        <Suspense fallback={<LoadingRows />}>
          <open.part key={study.studyId} study={study} />
        </Suspense>
      </PageTabs>
    </Page>
  )
}
