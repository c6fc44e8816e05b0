import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "@/components/ui";
import { lastTried, useLoginTest } from "@/hooks/useLoginTest";
import { useAccountNews } from "./useAccounts";

/** What a client's form and a dealer's differ in. `Row` is as the desk stores it. */
export interface LoginFormKind<Row, Form, Change extends object> {
  formOf: (row: Row | null) => Form;
  changeOf: (form: Form, row: Row) => Change;
  add: (form: Form) => Promise<Row>;
  change: (id: string, change: Change) => Promise<Row>;
  /** The login that shall serve it; undefined for one that is not stored yet. */
  wantedLogin: (form: Form, row: Row | null) => string | undefined;
  loginOf: (row: Row) => string;
  /** Whether the desk logs in by itself after this change; null stands for a new row. */
  isTriedAnyway: (form: Form, change: Change | null) => boolean;
  codeOf: (row: Row) => string;
}

/** A form whose secrets lead to a broker login: storing it, and what the broker then says. */
export function useLoginForm<Row extends { id: string }, Form, Change extends object>(
  kind: LoginFormKind<Row, Form, Change>,
  given: Row | null,
  onStored: () => void,
) {
  const [stored, setStored] = useState(given);
  const [form, setForm] = useState<Form>(() => kind.formOf(given));
  const [test, follow] = useLoginTest();
  const tellNews = useAccountNews();
  const change = stored === null ? null : kind.changeOf(form, stored);
  const isDirty = change === null || Object.keys(change).length > 0;

  const save = useMutation({
    mutationFn: async (thenTest: boolean) => {
      const login = kind.wantedLogin(form, stored);
      const before = thenTest && login !== undefined ? await lastTried(login) : null;
      const ask = !kind.isTriedAnyway(form, change);
      const saved = await (stored === null || change === null
        ? kind.add(form)
        : isDirty
          ? kind.change(stored.id, change)
          : stored);
      return { saved, thenTest, before, ask };
    },
    onSuccess: ({ saved, thenTest, before, ask }) => {
      if (!thenTest) {
        toast({ id: `stored-${saved.id}`, tone: "good", title: `${kind.codeOf(saved)} is stored.` });
        onStored();
        return;
      }
      setStored(saved);
      setForm(kind.formOf(saved));
      void follow({ loginId: kind.loginOf(saved), ask, before }).then(tellNews);
    },
    onSettled: tellNews,
  });

  return {
    stored,
    form,
    set: (changes: Partial<Form>) => setForm((before) => ({ ...before, ...changes })),
    isDirty,
    isBusy: save.isPending || test.phase === "waiting",
    isSaving: save.isPending,
    error: save.error,
    test,
    save: () => save.mutate(false),
    saveAndTest: () => save.mutate(true),
  };
}
