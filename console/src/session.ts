// What this tab remembers: the token for as long as it is open, the rest for the next time, too.

const inTab = window.sessionStorage;
const kept = window.localStorage;

export const token = (): string => inTab.getItem("waybill-token") ?? "";
export function setToken(value: string): void {
  value ? inTab.setItem("waybill-token", value) : inTab.removeItem("waybill-token");
}

export const setting = (name: string): string => kept.getItem(`waybill-${name}`) ?? "";
export const setSetting = (name: string, value: string): void => kept.setItem(`waybill-${name}`, value);
