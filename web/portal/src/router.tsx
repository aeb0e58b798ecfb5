/** Every page of the portal and its address. Each area is a chunk of its own, loaded when first gone to. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { NotFound, PageFailed, Pending } from './shell/Fallback.tsx'
import { Shell } from './shell/Shell.tsx'
import { SignedInPage, SignInAgainPage } from './session/pages.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })
const bare = <const P extends string>(path: P, component: () => React.ReactNode) =>
  createRoute({ getParentRoute: () => root, path, component })

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const page = <const P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({
    getParentRoute: () => shell,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, React.ComponentType>>, name),
  })
const onward = <const P extends string>(path: P, to: (params: Record<string, string>) => string) =>
  createRoute({
    getParentRoute: () => shell,
    path,
    beforeLoad: ({ params }) => {
      throw redirect({ to: to(params as Record<string, string>), replace: true } as never)
    },
  })

const home = () => import('./home/index.tsx')
const studies = () => import('./studies/index.tsx')
const datasets = () => import('./datasets/index.tsx')
const analyses = () => import('./analyses/index.tsx')
const checks = () => import('./checks/index.tsx')
const synthesis = () => import('./synthesis/index.tsx')
const pipelines = () => import('./pipelines/index.tsx')
const settings = () => import('./settings/index.tsx')

const tree = root.addChildren([
  bare('/signed-in', SignedInPage),
  bare('/sign-in-again', SignInAgainPage),
  createRoute({
    getParentRoute: () => root,
    path: '/docs',
    component: lazyRouteComponent(() => import('./reference/index.tsx'), 'ReferencePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/docs/$',
    component: lazyRouteComponent(() => import('./reference/index.tsx'), 'ReferencePage'),
  }),
  shell.addChildren([
    page('/', home, 'HomePage'),
    page('/studies', studies, 'StudiesPage'),
    page('/studies/new', studies, 'NewStudyPage'),
    onward('/studies/$studyId', (p) => `/studies/${p['studyId']}/overview`),
    page('/studies/$studyId/$tab', studies, 'StudyPage'),
    page('/runs/$runId', () => import('./results/index.tsx'), 'RunPage'),
    page('/datasets', datasets, 'DatasetsPage'),
    page('/datasets/new', datasets, 'NewDatasetPage'),
    onward('/datasets/$datasetId', (p) => `/datasets/${p['datasetId']}/overview`),
    page('/datasets/$datasetId/$tab', datasets, 'DatasetPage'),
    page('/analyses', analyses, 'AnalysesPage'),
    page('/analyses/ask', analyses, 'AskPage'),
    page('/analyses/$jobId', analyses, 'JobPage'),
    page('/synthetic', synthesis, 'SynthesesPage'),
    page('/synthetic/new', synthesis, 'NewSynthesisPage'),
    page('/synthetic/compare', synthesis, 'ComparePage'),
    page('/synthetic/$synthesisId', synthesis, 'SynthesisPage'),
    page('/pipelines', pipelines, 'PipelinesPage'),
    page('/pipelines/new', pipelines, 'NewExperimentPage'),
    page('/pipelines/publish', pipelines, 'PublishPage'),
    page('/pipelines/$pipelineId', pipelines, 'PipelinePage'),
    page('/experiments/$experimentId', pipelines, 'ExperimentPage'),
    page('/pipeline-runs/compare', pipelines, 'CompareRunsPage'),
    page('/pipeline-runs/$jobId', pipelines, 'RunPage'),
    page('/checks', checks, 'ChecksPage'),
    page('/checks/$jobId', checks, 'ReviewPage'),
    page('/audit', () => import('./audit/index.tsx'), 'AuditPage'),
    onward('/settings', () => '/settings/people'),
    page('/settings/people', settings, 'PeoplePage'),
    page('/settings/tokens', settings, 'TokensPage'),
    page('/settings/organisation', settings, 'OrganisationPage'),
    page('/join', settings, 'InvitationPage'),
    page('/device', () => import('./device/index.tsx'), 'DevicePage'),
  ]),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingComponent: Pending,
  defaultErrorComponent: PageFailed,
  defaultNotFoundComponent: NotFound,
  defaultPendingMs: 300,
})
