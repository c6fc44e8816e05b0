import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { http } from "@/services/apiClient";
import type { DeskState } from "@/services/desk";
import type { Frame } from "@/services/liveFrames";
import { CLOSED_BY_SESSION, connectLive, liveUrl } from "@/services/liveSocket";
import { heardServerTime, serverNow } from "@/services/serverClock";
import { useConnection } from "@/store/connectionStore";
import { tellLive } from "@/store/liveEvents";
import { portfolioStore } from "@/store/portfolioStore";
import { useSession } from "@/store/sessionStore";

const TRIES_BEFORE_ASKING = 2; // a refused handshake looks like a lost line; the session says which it was

/** The one live connection of this tab; mounted once, by the shell, while somebody is signed in. */
export function usePortfolioSocket(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const resync = () => {
      void portfolioStore.getState().fetchClients();
      void queries.invalidateQueries();
      tellLive({ type: "resync" });
    };
    const connection = connectLive(liveUrl(http.defaults.baseURL ?? ""), {
      onOpen: () => useConnection.setState({ isOpen: true }),
      onMessage: () => useConnection.setState({ lastMessageAt: serverNow(), tries: 0, downSince: null }),
      onGap: () => {
        useConnection.setState((store) => ({ resyncs: store.resyncs + 1 }));
        resync();
      },
      onFrame: (frame) => {
        if (frame.type === "hello") {
          heardServerTime(frame.server_time);
          if (frame.snapshot_required) resync();
          return;
        }
        take(frame, queries);
        tellLive(frame);
      },
      onClose: (code) => {
        const { tries, downSince } = useConnection.getState();
        useConnection.setState({ isOpen: false, tries: tries + 1, downSince: downSince ?? serverNow() });
        if (code === CLOSED_BY_SESSION || tries + 1 === TRIES_BEFORE_ASKING) askWhetherSignedIn();
      },
    });
    return () => {
      connection.close();
      useConnection.setState(useConnection.getInitialState());
    };
  }, [queries]);
}

function askWhetherSignedIn(): void {
  useSession
    .getState()
    .check()
    .catch(() => undefined); // the desk is away: the chip says so, and the socket keeps trying
}

function take(frame: Frame, queries: QueryClient): void {
  const { takeProfits, takeRows } = portfolioStore.getState();
  switch (frame.type) {
    case "pl_update":
      takeProfits([[frame.client_id, frame.new_pl]], Date.parse(frame.ts));
      return;
    case "pl_updates":
      takeProfits(frame.updates, Date.parse(frame.ts));
      return;
    case "funds_update":
      takeRows(frame.updates.map(({ client_id, ...funds }) => ({ id: client_id, ...funds })));
      return;
    case "session_update":
      takeRows(frame.updates.map(({ client_id, session }) => ({ id: client_id, session })));
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      return;
    case "desk_update": {
      const { type: _type, seq: _seq, ts: _ts, ...flags } = frame;
      queries.setQueryData<DeskState>(["desk"], (known) => (known === undefined ? known : { ...known, ...flags }));
      return;
    }
    case "feed_status":
      useConnection.setState({
        feed: { status: frame.status, reason: frame.reason ?? null, lastTickAt: frame.last_tick_at ?? null },
      });
      return;
    default:
      return;
  }
}
