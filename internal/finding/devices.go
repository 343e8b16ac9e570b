package finding

// Devices puts together what came from one device, for people who are asked about
// it: nobody remembers eleven times of day, but everybody which device is whose.
type Devices struct {
	groups map[string]int
	next   int
}

// Group gives the number of the group of what came from a device, from 0 on in the
// order in which they are met, and whether it begins that group. Two things from
// devices that nobody knows need not have come from the same one, so each of them stands alone.
func (d *Devices) Group(device string) (n int, begins bool) {
	if n, known := d.groups[device]; known {
		return n, false
	}
	n = d.next
	d.next++
	if device == "" {
		return n, true
	}
	if d.groups == nil {
		d.groups = map[string]int{}
	}
	d.groups[device] = n
	return n, true
}
