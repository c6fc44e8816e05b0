import { curveFacts, type ProfitPoint, withPoint } from "./profitCurve";

const at = (second: number, paise: number | null): ProfitPoint => ({ at: second * 1000, paise });
const all = (points: readonly ProfitPoint[]) => points.reduce<readonly ProfitPoint[]>(withPoint, []);

describe("a profit over time", () => {
  it("begins with the first figure that is known, and keeps gaps as gaps", () => {
    expect(all([at(1, null), at(2, 500), at(3, null), at(4, 700)])).toEqual([at(2, 500), at(3, null), at(4, 700)]);
  });

  it("takes a point a second at most, and none of before", () => {
    expect(all([at(1, 100), at(1.5, 200), at(0.5, 300), at(2, 400)])).toEqual([at(1, 100), at(2, 400)]);
  });

  it("stays short over a whole day, and keeps its beginning and its end", () => {
    const day = all(Array.from({ length: 22_500 }, (_one, second) => at(second, second)));
    expect(day.length).toBeLessThanOrEqual(3_600);
    expect([day[0], day.at(-1)]).toEqual([at(0, 0), at(22_499, 22_499)]);
    expect(day.every((point, place) => place === 0 || point.at > (day[place - 1]?.at ?? 0))).toBe(true);
  });

  it("has facts once there are two known points", () => {
    expect(curveFacts([at(1, 5), at(2, null)])).toBeNull();
    expect(curveFacts([at(1, 5), at(2, null), at(3, -7), at(4, 2)])).toEqual({
      from: 1000,
      until: 4000,
      first: 5,
      last: 2,
      lowest: -7,
      highest: 5,
    });
  });
});
