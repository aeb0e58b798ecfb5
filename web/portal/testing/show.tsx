/** Shows a part of the portal as it stands on a page: colours, questions to the server, an address. */
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, cleanup, render, screen } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, vi } from 'vitest'
import { meQuery } from '../src/hooks.ts'
import { theme } from '../src/theme.ts'
import { StandInServer } from './server.ts'

// The stand-in browser knows no fonts; text areas that grow listen for them.
if (!('fonts' in document)) Object.defineProperty(document, 'fonts', { value: new EventTarget() })

/**
 * What React, the router and queries have begun they finish in later turns of the event loop, by timers or immediates:
 * those turns must still find the browser.
 */
async function finished(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
let client: QueryClient | undefined
afterEach(async () => {
  cleanup()
  client?.clear()
  await finished()
})

export interface Shown {
  server: StandInServer
  /** Where the page has gone to. */
  address: () => string
}

/**
 * Renders `part` and waits until it is there. `answers` are those of the server, by route: `{ 'jobs.quote': … }`. With
 * an answer to `access.me`, somebody is signed in before.
 */
export async function show(part: ReactNode, answers: Record<string, unknown> = {}): Promise<Shown> {
  cleanup()
  sessionStorage.clear()
  localStorage.clear()
  const server = new StandInServer(answers)
  vi.stubGlobal('fetch', server.fetch)
  const root = createRootRoute()
  const router = createRouter({
    routeTree: root.addChildren([
      createRoute({ getParentRoute: () => root, path: '/', component: () => part }),
      createRoute({ getParentRoute: () => root, path: '$', component: () => <p>Another page</p> }),
    ]),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  })
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client = queries
  if ('access.me' in answers) await queries.fetchQuery(meQuery)
  await act(async () => {
    render(
      <MantineProvider theme={theme} env="test">
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>,
    )
    await router.load()
  })
  return { server, address: () => router.state.location.href }
}

/** The button of that name. */
export const button = (name: string | RegExp): HTMLButtonElement => screen.getByRole('button', { name })
