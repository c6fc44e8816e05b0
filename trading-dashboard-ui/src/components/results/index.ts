/** What screens show of batches: progress, reasons, rows, evidence. */
export * from "./BatchProgress";
export * from "./CancelBatch";
export * from "./describeBatch";
export * from "./ExitVerdicts";
export * from "./PlanSummary";
export * from "./ReasonGroups";
export * from "./ResultsActions";
export * from "./ResultsTable";
export * from "./RetryDialog";
export * from "./SendProblem";
export * from "./TypedConfirm";
