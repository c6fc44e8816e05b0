import { ApiError } from "@/services/apiError";
import { refusedRows } from "./importVerdict";

it("a refusal names rows, each with all that is wrong in it", () => {
  const error = new ApiError({
    kind: "refused",
    message: "2 of 3 rows are wrong",
    fields: [
      { field: "rows.2.api_key", message: "is needed" },
      { field: "rows.2.password", message: "is needed" },
      { field: "rows.4.mofsl_client_code", message: "is in the file more than once" },
      { field: "file", message: "is odd" },
    ],
  });
  expect(refusedRows(error).map((row) => [row.row, row.errors.length])).toEqual([
    [2, 2],
    [4, 1],
  ]);
});
