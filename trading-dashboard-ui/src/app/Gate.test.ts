import { wantedPlace } from "@/app/Gate";

it.each([
  ["next=%2Fbatches%2F7%3Fq%3Dx", "/batches/7?q=x"],
  ["", "/"],
  ["next=https%3A%2F%2Fevil.example", "/"],
  ["next=%2F%2Fevil.example", "/"],
  ["next=%2F%5Cevil.example", "/"],
  ["next=%2Flogin%3Fnext%3D%2Flogin", "/"],
])("after signing in, %s leads to %s", (search, place) => {
  expect(wantedPlace(search)).toBe(place);
});
