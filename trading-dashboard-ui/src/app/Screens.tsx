import { Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { Page } from "@/components/shell/Page";
import { EmptyState, Loading, PanelBoundary } from "@/components/ui";
import { useSession } from "@/store/sessionStore";
import { PAGES, railFor } from "./pageTable";

/** The screen of the address. A role without the power for it is told so; the server would refuse it anyway. */
export function Screens() {
  const session = useSession((store) => store.session);
  const [path] = useLocation();
  const may = (permission: string) => "me" in session && session.me.permissions.includes(permission);
  const start = railFor(may)[0]?.rail.href ?? "/";
  const hasStart = PAGES.some((page) => page.pattern === "/");

  return (
    <PanelBoundary name="This screen" key={path}>
      <Suspense fallback={<Loading what="the screen" />}>
        <Switch>
          {PAGES.map(({ pattern, name, permission, Component }) => (
            <Route key={pattern} path={pattern}>
              {permission === undefined || may(permission) ? (
                <Component />
              ) : (
                <Page title={name}>
                  <EmptyState title="Your role does not include this screen.">Ask an administrator.</EmptyState>
                </Page>
              )}
            </Route>
          ))}
          {hasStart ? null : (
            <Route path="/">
              <Redirect to={start} replace />
            </Route>
          )}
          <Route>
            <Page title="No such screen">
              <EmptyState title="There is no screen at this address.">Choose one from the list on the left.</EmptyState>
            </Page>
          </Route>
        </Switch>
      </Suspense>
    </PanelBoundary>
  );
}
