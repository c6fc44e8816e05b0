import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { Router } from "wouter";
import { ToastProvider } from "@/components/ui";
import { queryClient } from "@/services/queryClient";
import { dressDocument } from "@/store/preferencesStore";
import { Gate } from "./Gate";

export function App() {
  useEffect(dressDocument, []);
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <ToastProvider>
          <Router base="/app">
            <Gate />
          </Router>
        </ToastProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}
