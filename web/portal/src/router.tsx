/** Every page of the portal and its address, folded from the areas. Each area's pages are loaded when first gone to. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { areas } from './areas.ts'
import { SignedInPage, SignInAgainPage } from './session/pages.tsx'
import type { OnwardRoute, PageRoute } from './shell/area.ts'
import { NotFound, PageFailed, Pending } from './shell/Fallback.tsx'
import { Shell } from './shell/Shell.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const componentOf = ({ load, exported }: PageRoute) =>
  lazyRouteComponent(load as () => Promise<Record<string, React.ComponentType>>, exported)
const shellRoute = (route: PageRoute | OnwardRoute) =>
  'onwardTo' in route
    ? createRoute({
        getParentRoute: () => shell,
        path: route.path,
        beforeLoad: ({ params }) => {
          throw redirect({ to: route.onwardTo(params as Record<string, string>), replace: true } as never)
        },
      })
    : createRoute({ getParentRoute: () => shell, path: route.path, component: componentOf(route) })
const bareRoute = (route: PageRoute) =>
  createRoute({ getParentRoute: () => root, path: route.path, component: componentOf(route) })

const routes = areas.flatMap((area) => area.routes)
const isBare = (route: PageRoute | OnwardRoute): route is PageRoute => 'frame' in route && route.frame === 'none'

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/signed-in', component: SignedInPage }),
  createRoute({ getParentRoute: () => root, path: '/sign-in-again', component: SignInAgainPage }),
  ...routes.filter(isBare).map(bareRoute),
  shell.addChildren(routes.filter((route) => !isBare(route)).map(shellRoute)),
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
